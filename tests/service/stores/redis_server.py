"""A real Redis of our own, on a free port, that can be killed without warning and started again."""

import atexit
import shutil
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

PROGRAM = shutil.which("redis-server")
SYNCED = ("--appendonly", "yes", "--appendfsync", "always")


class RedisServer:
    """``redis-server`` on ``127.0.0.1``; ``kill`` is SIGKILL, after which ``start`` goes on with what it had synced."""

    def __init__(self, folder: Path, *options: str) -> None:
        if PROGRAM is None:
            pytest.skip("redis-server is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
        self._command += options or SYNCED
        self.process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it has read what it had."""
        assert self.process is None
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        limit = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < limit and self.process.poll() is None, "redis-server did not start"
            time.sleep(0.02)  # its own process: nothing here could tell us when

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def empty(self) -> None:
        with Redis(port=self.port) as client:
            client.flushall()

    def _answers(self) -> bool:
        with Redis(port=self.port) as client:
            try:
                return bool(client.ping())
            except AuthenticationError:
                return True
            except RedisError:
                return False


@cache
def common_server() -> RedisServer:
    """One for all tests of this process that need no more than an empty one."""
    server = RedisServer(Path(tempfile.mkdtemp()))
    server.start()
    atexit.register(server.kill)
    return server
