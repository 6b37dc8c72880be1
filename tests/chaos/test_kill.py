"""``kill -9`` in the middle of many streams: nothing that was answered is lost, nothing counts twice.

``python -m tests.chaos.kills --kills 200`` kills for longer.
"""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.kills import kill_over_and_over, server_in


@pytest.mark.timeout(300)
def test_kills_at_random_moments_lose_nothing_that_was_answered(tmp_path: Path) -> None:
    """Each session ends as one that nobody ever killed: the same count, digest, scores and forecast."""
    server = server_in(tmp_path)
    try:
        asyncio.run(kill_over_and_over(server, kills=4, seed=3))
    finally:
        server.kill()
