"""``kill -9`` of replicas and of their Redis: nothing that was answered is lost, nothing counts twice.

``python -m tests.chaos.replicas kills`` kills for longer, and there is more beside it.
"""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.replicas.kills import kill_over_and_over
from tests.chaos.replicas.scene import Scene


@pytest.mark.timeout(300)
def test_kills_of_replicas_and_of_redis_lose_nothing_that_was_answered(tmp_path: Path) -> None:
    """Each session ends as one that nobody ever killed: the same count, digest, scores and forecast."""
    scene = Scene(tmp_path)
    try:
        asyncio.run(scene.run(partial(kill_over_and_over, kills=4, seed=2)))
    finally:
        scene.close()
