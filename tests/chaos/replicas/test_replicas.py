"""``kill -9`` of replicas and of their Redis: nothing that was answered is lost, nothing counts twice.

``python -m tests.chaos.replicas --kills 200`` kills for longer.
"""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.replicas.kills import Scene


@pytest.mark.timeout(300)
def test_kills_of_replicas_and_of_redis_lose_nothing_that_was_answered(tmp_path: Path) -> None:
    """Each session ends as one that nobody ever killed: the same count, digest, scores and forecast."""
    scene = Scene(tmp_path, seed=2)
    try:
        asyncio.run(scene.run(kills=4))
    finally:
        scene.close()
