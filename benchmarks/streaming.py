"""One more observation per request over HTTP, of one client and of 64, by every store, beside another commit.

    python -m benchmarks.streaming [--base CHECKOUT] [--artifacts artifacts] [--seconds 5] [--rounds 3]

Each client has a session of its own and sends observations at consecutive times; every answer must be 200. The server
has one core and the client the other. All servers run throughout and are loaded in turns; printed is the turn of the
median rate. ``--base`` is another checkout of the project, loaded in the same turns. Beside them stands a plain FastAPI
function that reads 336 values again for each forecast, with the library of the base where there is one; its row says
which.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.load import Clients, Load, alternate, measure_ceiling, middle
from benchmarks.harness.redis import PROGRAM, running_redis
from benchmarks.harness.requests import one_more, opening
from benchmarks.harness.server import ROOT, Server, commit_of, running_server
from benchmarks.machine import describe_machine
from benchmarks.peers.peer import PLAIN, requests_of, running_peer

CLIENTS = (1, 64)
STORES = ("memory", "sqlite")
SHARED = {"redis": "always", "redis without fsync": "no"} if PROGRAM else {}
"""Where redis-server is installed: when its append-only file is synced."""
_WARM_S = 1.0


@dataclass
class Side:
    """A server under load, and what it batched under most clients."""

    name: str
    store: str
    clients: dict[int, Clients]
    server: Server | None = None
    batches: float = 0.0
    rows: float = 0.0

    def turn(self, clients: int, seconds: float) -> Load:
        """Load it once."""
        if self.server is None or clients != max(CLIENTS):
            return self.clients[clients].run(seconds)
        before = self.server.metrics("batch_rows_count", "batch_rows_sum")
        load = self.clients[clients].run(seconds)
        after = self.server.metrics("batch_rows_count", "batch_rows_sum")
        self.batches += after["batch_rows_count"] - before["batch_rows_count"]
        self.rows += after["batch_rows_sum"] - before["batch_rows_sum"]
        return load


def open_side(stack: ExitStack, name: str, store: str, checkout: Path, artifacts: Path) -> Side:
    """Start a server whose sessions have their histories."""
    folder = mkdtemp() if store == "sqlite" else ""
    url = f"sqlite:///{folder}/sessions.db" if folder else "memory://"
    if store in SHARED:
        url = stack.enter_context(running_redis(SHARED[store]))
    server = stack.enter_context(
        running_server(artifacts, checkout=checkout, pinned=True, state_url=url, threads=1, device="cpu")
    )
    clients = {}
    for count in CLIENTS:
        names = [f"stream-{count:02d}-{number:03d}" for number in range(count)]
        server.post("/forecast", opening(names))
        streams = [one_more(one, number) for number, one in enumerate(names)]
        clients[count] = Clients(server.port, server.process, streams)
    return Side(name, store, clients, server)


def open_plain(stack: ExitStack, name: str, checkout: Path, artifacts: Path) -> Side:
    """Start the plain FastAPI function with the library of a checkout."""
    peer = stack.enter_context(running_peer(PLAIN, artifacts / "default", checkout=checkout))
    clients = {count: Clients(peer.port, peer.process, requests_of(PLAIN, count)) for count in CLIENTS}
    return Side(name, "none", clients)


def print_table(sides: list[Side], loads: dict[int, list[list[Load]]]) -> None:
    """One line per side, then the ratios."""
    print(f"{'':34}{'1 client':>26}{'64 clients':>28}{'':8}{'server':>10}")
    head = f"{'req/s':>9}{'median':>9}{'p99':>8}"
    print(f"{'':34}{head}{head:>28}{'batch':>8}{'us/req':>10}")
    found = {}
    for place, side in enumerate(sides):
        one, many = (middle(loads[count][place]) for count in CLIENTS)
        found[side.name, side.store] = one, many
        cells = "".join(f"{x.rate:>9,.0f}{x.median_ms:>9.2f}{x.p99_ms:>8.1f}{'':2}" for x in (one, many))
        batch = f"{side.rows / side.batches:>6.1f}" if side.batches else f"{'':6}"
        label = side.name if side.store == "none" else f"{side.name}, {side.store}"
        print(f"{label:34}{cells}{batch}{many.server_us:>10,.0f}")
    busy = max(load.client_s / load.seconds for turns in loads[max(CLIENTS)] for load in turns)
    print(f"the client's core was busy for {busy:.0%} of a turn at most")
    print_ratios(found)


def print_ratios(found: dict[tuple[str, str], tuple[Load, Load]]) -> None:
    """What is claimed, in numbers; processor time says it even where other work takes turns on the cores."""
    for (name, store), (one, many) in found.items():
        if name == "this" or store == "none":
            continue
        ours = found["this", store]
        print(
            f"this / {name}, {store}: 64 clients {ours[1].rate / many.rate:.1f} times the requests, "
            f"one client {ours[0].median_ms / one.median_ms:.3f} of the median, "
            f"processor time per request there / here {many.server_us / ours[1].server_us:.1f}"
        )
    for (name, store), (one, many) in found.items():
        if store == "none":
            for kind in (*STORES, *SHARED):
                ours = found["this", kind]
                print(
                    f"this, {kind} / {name}: {ours[1].rate / many.rate:.1f} times with 64 clients, "
                    f"{ours[0].rate / one.rate:.1f} with one, "
                    f"processor time per forecast there / here {many.server_us / ours[1].server_us:.1f}"
                )
    durable, volatile = found["this", "sqlite"][1], found["this", "memory"][1]
    print(
        f"a durable commit costs {1 - durable.rate / volatile.rate:.0%} of the requests of 64 clients, "
        f"{durable.server_us / volatile.server_us - 1:+.0%} processor time per request"
    )
    for kind in SHARED:
        shared = found["this", kind][1]
        print(
            f"{kind} / sqlite, 64 clients: {durable.rate / shared.rate:.1f} times the time per observation, "
            f"p99 {shared.p99_ms:.1f} ms against {durable.p99_ms:.1f} ms, processor time per request "
            f"{shared.server_us / durable.server_us:.1f} times"
        )


def streams_for_ceiling() -> list[Iterator[bytes]]:
    """As many clients as the largest turn has."""
    return [one_more(f"stream-{number:03d}", number) for number in range(max(CLIENTS))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, help="another checkout of the project")
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{describe_machine()}; {describe_cores()}; load {os.getloadavg()[0]:.1f} at the start")
    pin_client()
    print(f"the client alone: {measure_ceiling(streams_for_ceiling()):,.0f} requests/s of its core")
    base = options.base.resolve() if options.base else None
    with ExitStack() as stack:
        sides = [open_side(stack, "this", store, ROOT, options.artifacts) for store in (*STORES, *SHARED)]
        if base:
            name = f"base {commit_of(base)}"
            sides += [open_side(stack, name, store, base, base / "artifacts") for store in STORES]
        library = base or ROOT
        name = f"FastAPI, 336 values, {commit_of(library)}"
        sides.append(open_plain(stack, name, library, base / "artifacts" if base else options.artifacts))
        loads: dict[int, list[list[Load]]] = {}
        for count in CLIENTS:
            turns: list[Callable[[], Load]] = [partial(side.turn, count, options.seconds) for side in sides]
            for side in sides:
                side.clients[count].run(_WARM_S)
            loads[count] = alternate(options.rounds, turns)
        print_table(sides, loads)


if __name__ == "__main__":
    main()
