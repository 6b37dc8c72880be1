"""A server as a process of its own, pinned to a core, and what it costs: it may have processes below it."""

import os
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.cores import pin_server
from benchmarks.harness.waiting import wait_until

_PATIENCE_S = 180
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Process:
    """A process and all below it, read from ``/proc``."""

    pid: int

    def family(self) -> list[int]:
        """Itself, its children, and theirs."""
        parents = {}
        for folder in Path("/proc").iterdir():
            fields = _fields(int(folder.name)) if folder.name.isdigit() else None
            if fields:
                parents[int(folder.name)] = int(fields[1])
        found = [self.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_seconds(self) -> float:
        """Seconds of processor time so far, user's and system's."""
        return sum((int(f[11]) + int(f[12])) / _TICKS for f in map(_fields, self.family()) if f)

    def resident_bytes(self) -> int:
        """Memory in use now."""
        return sum(int(fields[21]) * _PAGE for fields in map(_fields, self.family()) if fields)


def _fields(pid: int) -> list[str] | None:
    """What follows the name in ``/proc/PID/stat``; None if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


@contextmanager
def running_process(
    command: Sequence[str],
    ready: Callable[[], object],
    *,
    environment: Mapping[str, str],
    folder: Path | None = None,
    pinned: bool,
) -> Iterator[Process]:
    """Start a server and wait until ``ready`` raises no ``OSError``; end it afterwards.

    What it prints is shown only if it does not come up.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env=os.environ | {"OMP_NUM_THREADS": "1"} | dict(environment), cwd=folder, stdout=said, stderr=said
        )
        try:
            if pinned:
                pin_server(process.pid)
            _wait(process, ready, said.fileno())
            yield Process(process.pid)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist, of the process and what it started."""
    family = Process(process.pid).family()
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in family[1:]:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue


def answers(address: str) -> Callable[[], object]:
    """What raises until a ``GET`` is answered 200."""

    def get() -> None:
        with urllib.request.urlopen(address, timeout=10):
            pass

    return get


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], object], said: int) -> None:
    def settled() -> bool:
        try:
            ready()
        except OSError:
            return process.poll() is not None
        return True

    with suppress(TimeoutError):
        wait_until(settled, _PATIENCE_S, "a server")
        if process.poll() is None:
            return
    output = os.pread(said, 4000, max(0, os.fstat(said).st_size - 4000)).decode(errors="replace")
    how = "not ready in time" if process.poll() is None else f"ended with {process.returncode}"
    raise ServerFailedError(f"the server was {how}; the last it said:\n{output}")


class ServerFailedError(SystemExit):
    """A server that did not come up; ends a benchmark that does not go on without it."""
