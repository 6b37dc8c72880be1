"""A Redis of one's own, on a free port, that can be killed without warning and started again."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from benchmarks.harness.process import free_port
from benchmarks.harness.waiting import wait_until

PROGRAM = shutil.which("redis-server")
_PATIENCE_S = 60


class RedisServer:
    """``redis-server`` on ``127.0.0.1``; ``kill`` is SIGKILL, after which ``start`` goes on with what it had synced.

    Parameters
    ----------
    folder : Path
        Of its append-only file; made if it is not there.
    options : str
        Of the command line; by default it syncs before it answers.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None
        place = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
        self._command = [PROGRAM or "redis-server", *place, *(options or synced("always"))]

    def start(self) -> None:
        """Start, and wait until it has read what it had."""
        process = self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(lambda: process.poll() is not None or self._answers(), _PATIENCE_S, "redis-server")
        if process.poll() is not None:
            raise RuntimeError(f"redis-server ended with {process.returncode}")

    def kill(self) -> None:
        """End it, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def empty(self) -> None:
        """Forget all keys."""
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


def synced(fsync: str) -> tuple[str, ...]:
    """Options by which the append-only file is synced ``always``, ``everysec`` or ``no``."""
    return "--appendonly", "yes", "--appendfsync", fsync


@contextmanager
def running_redis(fsync: str) -> Iterator[str]:
    """Run one for as long as the block, synced as ``fsync`` says; gives its URL."""
    with TemporaryDirectory() as folder:
        server = RedisServer(Path(folder), *synced(fsync))
        try:
            server.start()
            yield server.url
        finally:
            server.kill()
