"""A peer: a program that serves the same network, and how it is started."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.harness.process import Process, free_port, running_process
from benchmarks.harness.requests import plain_history, send_once
from benchmarks.harness.server import ROOT


@dataclass(frozen=True)
class Peer:
    """One of them: ``python -m benchmarks.peers.MODULE PORT ARTIFACT`` serves."""

    name: str
    module: str
    package: str
    path: str
    batched: bool = False
    """Whether a request carries a list of series, of one here."""


PLAIN = Peer("FastAPI function", "plain_fastapi", "fastapi", "/forecast")
PEERS = (
    PLAIN,
    Peer("mosec", "mosec_server", "mosec", "/inference"),
    Peer("LitServe", "litserve_server", "litserve", "/predict"),
    Peer("BentoML", "bentoml_server", "bentoml", "/forecast", batched=True),
    Peer("Ray Serve", "ray_server", "ray", "/forecast"),
)


@dataclass(frozen=True)
class RunningPeer:
    """It, under way."""

    port: int
    process: Process


def requests_of(peer: Peer, clients: int) -> list[Iterator[bytes]]:
    """A stream of requests per client."""
    return [plain_history(number, peer.path, peer.batched) for number in range(clients)]


def version_in(python: str, package: str) -> str | None:
    """Version of a package as an environment's Python has it; None where it has not."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else None


def environment_of(peer: Peer, pythons: Sequence[str]) -> tuple[str, str] | None:
    """The first Python that has the peer's package, and the version there."""
    for python in pythons:
        version = version_in(python, peer.package)
        if version:
            return python, version
    return None


@contextmanager
def running_peer(
    peer: Peer, artifact: Path, *, checkout: Path = ROOT, python: str = sys.executable
) -> Iterator[RunningPeer]:
    """Serve the network of an artifact, with the library of a checkout, and wait for a first forecast."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        # The benchmarks of this checkout come before those of the other, whose library it is.
        (Path(folder) / "benchmarks").symlink_to(ROOT / "benchmarks")
        environment = {"PYTHONPATH": f"{folder}:{checkout.resolve()}", "PYTHONSAFEPATH": "1"}
        command = [python, "-m", f"benchmarks.peers.{peer.module}", str(port), str(artifact.resolve())]
        ready = partial(send_once, port, next(requests_of(peer, 1)[0]))
        with running_process(command, ready, environment=environment, folder=Path(folder), pinned=True) as process:
            yield RunningPeer(port, process)
