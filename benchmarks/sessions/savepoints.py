"""Export and import of many sessions: sessions per second, and whether every digest is the same to the byte.

    python -m benchmarks.sessions.savepoints [--sessions 100000] [--artifacts artifacts]

One session of the default model is opened over HTTP; the others are the same under other ids, with digests of their
own. They are exported from SQLite, imported into SQLite in another folder, and, where redis-server is installed, into
Redis and exported from there. Every command is a process of its own with all that a user waits for: starting, loading
and verifying the models, reading the file twice.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np

from benchmarks.harness.redis import PROGRAM, RedisServer
from benchmarks.harness.server import running_server
from benchmarks.machine import describe_machine
from service.sessions.session_key import key_of
from service.stores.interface import Put
from service.stores.registry import open_store

SECRET = "of the benchmark's servers"
_AT_ONCE = 500


def fill(artifacts: Path, url: str, sessions: int) -> int:
    """Open one session over HTTP and copy it; gives the bytes of its state."""
    values = (50 + 5 * np.sin(np.arange(720) * np.pi / 12)).tolist()
    body = {"series": [{"session": "s", "start": "2026-01-01T00:00:00Z", "freq": "1h", "target": values}]}
    with running_server(artifacts, state_url=url, compiled="off") as server:
        httpx.post(f"http://127.0.0.1:{server.port}/forecast", json=body, timeout=120).raise_for_status()
    store = open_store(url)
    one = next(iter(store.sessions(None)))
    state = store.state(one.key)
    assert state is not None
    for begin in range(1, sessions, _AT_ONCE):
        names = [f"s{number}" for number in range(begin, min(begin + _AT_ONCE, sessions))]
        digests = [f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in names]
        store.commit(
            [
                Put(replace(one, key=key_of("", name), name=name, digest=digest), state)
                for name, digest in zip(names, digests, strict=True)
            ]
        )
    store.close()
    return len(state)


def digests_of(url: str) -> str:
    """One digest over the names and digests of all sessions of a store, in the order of their names."""
    store = open_store(url)
    found = sorted((record.name, record.digest) for record in store.sessions(None))
    store.close()
    return hashlib.sha256(repr(found).encode()).hexdigest()


def timed(artifacts: Path, url: str, *words: str) -> float:
    """Run one command; gives the seconds that it took."""
    settings = {
        "STATECAST_ARTIFACTS": str(artifacts.resolve()), "STATECAST_STATE_URL": url, "STATECAST_STATE_SECRET": SECRET
    }  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "service", *words], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    print(f"  {done.stdout.strip()}")
    return time.perf_counter() - began


def main() -> None:
    """Print the rates."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sessions", type=int, default=100_000)
    options.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    chosen = options.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        url = f"sqlite:///{place}/here/sessions.db"
        size = fill(chosen.artifacts, url, chosen.sessions)
        print(f"{chosen.sessions} sessions of {size} bytes of state")
        here = digests_of(url)
        steps: list[tuple[str, str, tuple[str, ...]]] = [
            ("export from sqlite", url, ("export", "--out", f"{place}/1.tar"))
        ]
        steps.append(("import into sqlite", f"sqlite:///{place}/there/s.db", ("import", f"{place}/1.tar")))
        server = RedisServer(place / "redis") if PROGRAM else None
        if server is not None:
            server.start()
            steps.append(("import into redis", server.url, ("import", f"{place}/1.tar")))
            steps.append(("export from redis", server.url, ("export", "--out", f"{place}/2.tar")))
        try:
            for what, store, words in steps:
                seconds = timed(chosen.artifacts, store, *words)
                same = "equal" if digests_of(store) == here else "DIFFERENT"
                print(f"{what}: {chosen.sessions / seconds:,.0f} sessions/s ({seconds:.1f} s), digests {same}")
        finally:
            if server is not None:
                server.kill()
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"largest process: {peak:.0f} MB, {(place / '1.tar').stat().st_size / 1e6:.0f} MB of file")


if __name__ == "__main__":
    main()
