"""A start after a crash: how long the journal's observations take to run through the network again.

    python -m tests.chaos.recovery_time [--entries 100000] [--sessions 400]

Sessions are opened over HTTP. Then the journal is filled as by a server that was killed, one observation per entry, and
starts are timed until ``/ready``: one that reads it, and one that finds it empty.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.harness.requests import opening, value
from benchmarks.harness.server import running_server
from benchmarks.machine import describe_machine
from service.sessions.session_key import key_of
from service.stores.interface import Append, Store
from service.stores.registry import open_store


def fill(store: Store, names: list[str], entries: int) -> None:
    """Append observations of the sessions in turn, as many as there are to be."""
    records = [store.get(key_of("", name)) for name in names]
    known = [record for record in records if record is not None]
    assert len(known) == len(names)
    waiting = []
    for number in range(entries):
        place, step = number % len(known), number // len(known)
        record = known[place]
        observed = np.array([[float(value(place, 336 + step))]])
        birth, index = np.array([record.created_at]), np.array([record.last_index + 1 + step])
        waiting.append(Append(number + 1, [record.key], birth, index, observed, record.last_used))
        if len(waiting) == 1000:
            store.commit(waiting)
            waiting = []
    store.commit(waiting)


def start(artifacts: Path, url: str, session: str) -> tuple[float, float, int]:
    """Seconds until it is ready, processor seconds of the server by then, and observations of a session."""
    began = time.perf_counter()
    with running_server(artifacts, threads=1, device="cpu", state_url=url) as server:
        took, spent = time.perf_counter() - began, server.process.cpu_seconds()
        counted = int(server.get(f"/sessions/{session}").split('"count":')[1].split(",")[0])
    return took, spent, counted


def main() -> None:
    """Fill, start, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--sessions", type=int, default=400)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    options = parser.parse_args()
    print(describe_machine(), flush=True)
    names = [f"recovered-{number:04d}" for number in range(options.sessions)]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/sessions.db"
        with running_server(options.artifacts, threads=1, device="cpu", state_url=url) as server:
            server.post("/forecast", opening(names))
        store = open_store(url)
        fill(store, names, options.entries)
        store.close()
        read, empty = (start(options.artifacts, url, names[0]) for _ in range(2))
    assert read[2] == empty[2] == 336 + -(-options.entries // options.sessions), (read, empty)
    what = f"{options.entries:,} entries of {options.sessions} sessions"
    print(f"a start that reads {what}: {read[0]:.1f} s, {read[1]:.1f} s of a core")
    print(f"a start that finds the journal empty: {empty[0]:.1f} s, {empty[1]:.1f} s of a core")
    spent = read[1] - empty[1]
    print(f"{1e6 * spent / options.entries:.0f} us of a core per observation")


if __name__ == "__main__":
    main()
