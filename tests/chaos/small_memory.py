"""``python -m tests.chaos.small_memory``: every body up to the size limit, sent to a server that may hold 2 GB.

Each is answered, and the server lives. By hand, because the bodies take minutes.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.builders import tiny_artifact
from tests.chaos.server import Server
from tests.fuzz.large import LARGE, MIB

MEMORY = 2048 * MIB


def main() -> int:
    """1 if a body was not answered, was answered 500, or the server ended."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        tiny_artifact(Path(folder) / "artifacts")
        server = Server(Path(folder), artifacts="artifacts", state_url="memory://")
        for name in sys.argv[1:] or LARGE:
            if server.process is None or server.process.poll() is not None:
                server.start()
                assert server.process is not None
                # What it holds of its own, not what it maps: torch maps far more than it ever touches.
                resource.prlimit(server.process.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
            failed += not _answered(server, name)
        server.kill()
    return 1 if failed else 0


def _answered(server: Server, name: str) -> bool:
    kind, encoding, make = LARGE[name]
    headers = {"content-type": kind} | ({"content-encoding": encoding} if encoding else {})
    body = make()
    began = time.monotonic()
    try:
        answer = httpx.post(f"{server.url}/forecast", content=body, headers=headers, timeout=300)
        status, text = answer.status_code, answer.text[:120]
        alive = httpx.post(f"{server.url}/forecast", json={"series": [{"target": [1.0, 2.0]}]}, timeout=60).status_code
    except httpx.HTTPError as error:
        status, text, alive = 0, repr(error), 0
    good = alive == 200 and status and (status < 500 or status in (503, 504))
    held = _peak(server) / MIB
    took = time.monotonic() - began
    print(
        f"{'ok  ' if good else 'FAIL'} {name:22} {len(body):9} bytes {status} in {took:5.1f} s, {held:5.0f} MB: {text}",
        flush=True,
    )
    return bool(good)


def _peak(server: Server) -> int:
    assert server.process is not None
    try:
        lines = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    sys.exit(main())
