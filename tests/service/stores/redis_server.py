"""A real Redis for tests; they are skipped where redis-server is not installed."""

import atexit
import tempfile
from functools import cache
from pathlib import Path

import pytest

from benchmarks.harness import redis


class RedisServer(redis.RedisServer):
    """See there; skips the test where there is none."""

    def __init__(self, folder: Path, *options: str) -> None:
        if redis.PROGRAM is None:
            pytest.skip("redis-server is not installed")
        super().__init__(folder, *options)


@cache
def common_server() -> RedisServer:
    """One for all tests of this process that need no more than an empty one."""
    server = RedisServer(Path(tempfile.mkdtemp()))
    server.start()
    atexit.register(server.kill)
    return server
