"""The real server as its own process, on a free port, with its own empty store; of this checkout or of another."""

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.process import Process, answers, free_port, running_process

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A running server."""

    host: str
    port: int
    process: Process

    def get(self, path: str) -> str:
        """Body of a GET."""
        with urllib.request.urlopen(f"http://{self.host}:{self.port}{path}", timeout=10) as reply:
            return str(reply.read().decode())

    def post(self, path: str, body: bytes, timeout_s: float = 300) -> Any:
        """Answer to a POST of JSON."""
        request = urllib.request.Request(
            f"http://{self.host}:{self.port}{path}", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=timeout_s) as reply:
            return json.loads(reply.read())

    def metric(self, name: str) -> float:
        """Sum of a metric over its labels."""
        lines = (line for line in self.get("/metrics").splitlines() if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def metrics(self, *names: str) -> dict[str, float]:
        """Several of them, without the prefix that all have."""
        return {name: self.metric(f"statecast_{name}") for name in names}


@contextmanager
def running_server(
    artifacts: Path,
    *,
    checkout: Path = ROOT,
    pinned: bool = False,
    command: Sequence[str] = (sys.executable, "-m", "service"),
    **settings: object,
) -> Iterator[Server]:
    """Start ``python -m service`` with ``STATECAST_*`` settings (lower-case keywords) and wait until it is ready.

    ``checkout`` is the folder of the project whose service it is; ``pinned`` keeps it to the server's core; ``command``
    starts the service in another way.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        chosen = {"artifacts": artifacts.resolve(), "port": port, "state_url": f"sqlite:///{folder}/sessions.db"}
        environment = {f"STATECAST_{name.upper()}": str(value) for name, value in (chosen | settings).items()}
        ready = answers(f"http://127.0.0.1:{port}/ready")
        with running_process(command, ready, environment=environment, folder=checkout, pinned=pinned) as process:
            yield Server("127.0.0.1", port, process)


def commit_of(checkout: Path = ROOT) -> str:
    """Commit of a checkout, with what marks it as changed."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=8"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown commit"
