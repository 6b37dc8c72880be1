"""The real server as its own process, on a free port, with its own empty store."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = 60


@dataclass(frozen=True)
class Server:
    """A running server."""

    host: str
    port: int

    def get(self, path: str) -> str:
        """Body of a GET."""
        with urllib.request.urlopen(f"http://{self.host}:{self.port}{path}", timeout=10) as reply:
            return str(reply.read().decode())

    def metric(self, name: str) -> float:
        """Sum of a metric over its labels."""
        lines = (line for line in self.get("/metrics").splitlines() if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


@contextmanager
def running_server(artifacts: Path, **settings: object) -> Iterator[Server]:
    """Start ``python -m service`` with ``STATECAST_*`` settings (lower-case keywords) and wait until it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        chosen = {"artifacts": artifacts, "port": port, "state_url": f"sqlite:///{folder}/sessions.db", **settings}
        environment = os.environ | {f"STATECAST_{name.upper()}": str(value) for name, value in chosen.items()}
        process = subprocess.Popen([sys.executable, "-m", "service"], env=environment, stdout=subprocess.DEVNULL)
        try:
            server = Server("127.0.0.1", port)
            _wait(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE_S)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode} before it was ready")
        try:
            server.get("/ready")
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"the server was not ready within {_PATIENCE_S} s")
