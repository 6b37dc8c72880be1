"""A million sessions in one store: bytes of each, the server's memory, its start, and whether they go on.

    python -m benchmarks.sessions.many_sessions [--sessions 1000000] [--store sqlite] [--folder DIR] [--values 336]

A thousand sessions are opened over HTTP, each with a series of its own; the store is then filled with copies of them
under other names, as an import writes them. A fresh server starts on it. Then copies at random get the next
observation, one per request, and each answer is compared with that of the session it was copied from.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.harness.cores import describe_cores
from benchmarks.harness.redis import running_redis
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine
from service.sessions.session_key import key_of
from service.stores.interface import Put, Store
from service.stores.registry import open_store

OPENED, AT_ONCE = 1_000, 500
LEVELS = (0.1, 0.5, 0.9)


def values_of(number: int, count: int) -> list[float]:
    """A series of its own: a day that repeats, at its own height, with noise."""
    draw = np.random.default_rng(number)
    day = np.sin(np.arange(count) * 2 * np.pi / 24 + draw.uniform(0, 6))
    series: list[float] = (draw.uniform(10, 1000) * (1 + 0.2 * day) + draw.normal(size=count)).round(3).tolist()
    return series


def body_of(series: list[dict[str, Any]]) -> bytes:
    """A request, without times."""
    return json.dumps({"series": series, "horizon": 24, "quantile_levels": LEVELS}).encode()


def open_sessions(server: Server, values: int) -> None:
    """Open the sessions that are copied later, each with a history."""
    for first in range(0, OPENED, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        opened = [{"session": f"s-{n}", "target": values_of(n, values + 1)[:values], "open": True} for n in numbers]
        server.post("/forecast", body_of(opened))


def fill(store: Store, sessions: int) -> None:
    """Copy sessions until there are so many; copy ``c`` of session ``n`` is named ``s-n-c``."""
    read = [(store.get(key), store.state(key)) for key in (key_of("", f"s-{n}") for n in range(OPENED))]

    def puts() -> Iterator[Put]:
        for copy in range(1, sessions // OPENED):
            for number, (record, state) in enumerate(read):
                assert record is not None and state is not None
                name = f"s-{number}-{copy}"
                yield Put(replace(record, key=key_of("", name), name=name), state)

    copies = puts()
    while batch := list(islice(copies, AT_ONCE)):
        store.commit(batch)


def go_on(server: Server, sessions: int, count: int, values: int) -> tuple[list[float], float]:
    """Send the next observation of copies at random; seconds of each, and how far means are from the original's."""
    draw, taken, most = random.Random(0), [], 0.0
    for number in draw.sample(range(OPENED), count):
        copy = f"s-{number}-{draw.randrange(1, sessions // OPENED)}"
        target, means = values_of(number, values + 1)[values:], []
        for name in (copy, f"s-{number}"):
            began = time.perf_counter()
            answer = server.post("/forecast", body_of([{"session": name, "target": target, "from_index": values}]))
            taken.append(time.perf_counter() - began)
            means.append(answer["forecasts"][0]["mean"])
        most = max(most, float(np.abs(np.subtract(*means)).max() / np.abs(means[1]).max()))
    return taken, most


def size_of(url: str, folder: Path) -> float:
    """Bytes of the store: files of SQLite; memory and append-only file of Redis are printed apart."""
    if url.startswith("sqlite"):
        return sum(path.stat().st_size for path in folder.iterdir())
    from redis import Redis

    with Redis.from_url(url) as client:
        memory: dict[str, int] = client.info("memory")
    return float(memory["used_memory"])


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--folder", type=Path, default=None, help="where the files lie; a temporary one otherwise")
    parser.add_argument("--values", type=int, default=336)
    parser.add_argument("--count", type=int, default=1_000, help="sessions at random that go on")
    options = parser.parse_args()
    print(f"{describe_machine()}; {describe_cores()}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder)))
        redis = options.store == "redis"
        url = stack.enter_context(running_redis("everysec")) if redis else f"sqlite:///{folder}/sessions.db"
        settings: dict[str, Any] = {"threads": 1, "device": "cpu", "state_url": url}
        with running_server(options.artifacts, **settings) as server:
            open_sessions(server, options.values)
            few = server.process.resident_bytes()
        began = time.perf_counter()
        store = open_store(url)
        fill(store, options.sessions)
        store.close()
        seconds = time.perf_counter() - began
        size = size_of(url, folder)
        print(
            f"{options.sessions:,} sessions by {options.store}: written at {options.sessions / seconds:,.0f} per second"
        )
        print(f"{size / options.sessions:,.0f} bytes per session, {size / 1e9:.2f} GB in all", flush=True)
        began = time.perf_counter()
        with running_server(options.artifacts, **settings) as server:
            print(f"start to ready {time.perf_counter() - began:.1f} s", flush=True)
            after = server.process.resident_bytes()
            taken, most = go_on(server, options.sessions, options.count, options.values)
            end = server.process.resident_bytes()
        print(f"memory of the server: {few / 1e6:.0f} MB with {OPENED:,} sessions, {after / 1e6:.0f} MB at the start,")
        print(f"  {end / 1e6:.0f} MB after {2 * options.count:,} of them went on")
        print(
            f"{options.count:,} at random went on: median {1e3 * median(taken):.1f} ms, "
            f"longest {1e3 * max(taken):.0f} ms"
        )
        print(f"  forecasts differ from the original's by {most:.1e} of their size at most")


if __name__ == "__main__":
    main()
