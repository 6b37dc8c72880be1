"""A Redis of the benchmark's own, on a free port, with its append-only file in a temporary folder."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from redis import Redis
from redis.exceptions import RedisError

PROGRAM = shutil.which("redis-server")


@contextmanager
def running_redis(fsync: str) -> Iterator[str]:
    """Run one for as long as the block.

    Parameters
    ----------
    fsync : str
        ``always``, ``everysec`` or ``no``.

    Yields
    ------
    str
        Its URL.
    """
    with TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [PROGRAM or "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        process = subprocess.Popen([*command, "--appendonly", "yes", "--appendfsync", fsync], stdout=subprocess.DEVNULL)
        try:
            _wait(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


def _wait(port: int) -> None:
    limit = time.monotonic() + 30
    with Redis(port=port) as client:
        while time.monotonic() < limit:
            try:
                client.ping()
                return
            except RedisError:
                time.sleep(0.05)
    raise RuntimeError("redis-server did not start")
