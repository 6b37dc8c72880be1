"""One more observation of 512 sessions per request, JSON and Arrow, in memory and on disk, beside another commit.

    python -m benchmarks.bulk [--base CHECKOUT] [--artifacts artifacts] [--sessions 512] [--seconds 5] [--rounds 3]

One client, which has the next request ready when an answer comes. Three quantiles are asked for. The server has one
core and the client the other; all servers run throughout and are loaded in turns, and printed is the turn of the median
rate. The network alone is measured in the same run, so each figure has its share of that, and below the table stands
where the rest goes: from the server's own metrics, and from samples of what a server of its own was doing.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.in_process import rows_per_second, served_network
from benchmarks.harness.load import Clients, Load, alternate, middle
from benchmarks.harness.requests import one_more_of_each, one_more_of_each_in_arrow, opening
from benchmarks.harness.server import ROOT, Server, commit_of, running_server
from benchmarks.machine import describe_machine

STORES = ("memory", "sqlite")
FORMATS: dict[str, Callable[[list[str], int], Iterator[bytes]]] = {
    "JSON": one_more_of_each,
    "Arrow": one_more_of_each_in_arrow,
}
_OPENED = 64  # values of each history
_WARM_S = 1.0
_SHOWN = 10


def open_streams(server: Server, sessions: int) -> dict[str, Clients]:
    """Sessions of their own for each format, opened."""
    found = {}
    for name, stream in FORMATS.items():
        names = [f"{name}-{number:04d}" for number in range(sessions)]
        server.post("/forecast", opening(names, _OPENED))
        found[name] = Clients(server.port, server.process, [stream(names, _OPENED)])
    return found


def open_server(stack: ExitStack, store: str, checkout: Path, artifacts: Path, command: list[str]) -> Server:
    """Start a server that keeps its sessions there."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    url = f"sqlite:///{folder}/sessions.db" if store == "sqlite" else "memory://"
    return stack.enter_context(
        running_server(
            artifacts, checkout=checkout, pinned=True, command=command, state_url=url, threads=1, device="cpu"
        )
    )


def where_by_metrics(server: Server, clients: Clients, seconds: float) -> str:
    """Shares of a request's time that the server's metrics tell apart."""
    names = ("batch_seconds_sum", "commit_seconds_sum", "request_seconds_sum")
    before = server.metrics(*names)
    load = clients.run(seconds)
    spent = {name: after - before[name] for name, after in server.metrics(*names).items()}
    request = sum(load.latencies)
    batch, commit = spent["batch_seconds_sum"], spent["commit_seconds_sum"]
    parts = {
        "network and what surrounds it on its thread": batch - commit,
        "commit": commit,
        "reading, sessions, writing": max(0.0, spent["request_seconds_sum"] - batch),
        "HTTP server and client": max(0.0, request - spent["request_seconds_sum"]),
    }
    return ", ".join(f"{name} {part / request:.0%}" for name, part in parts.items())


def where_by_samples(artifacts: Path, store: str, kind: str, sessions: int, seconds: float) -> Counter[str]:
    """Samples of a server of its own, by folder."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "samples.json"
        with ExitStack() as stack:
            command = [sys.executable, "-m", "benchmarks.harness.sampled", str(file)]
            server = open_server(stack, store, ROOT, artifacts, command)
            open_streams(server, sessions)[kind].run(seconds)
        return Counter(json.loads(file.read_text()))


def print_table(sides: dict[tuple[str, str], list[Load]], sessions: int, alone: float) -> None:
    """One line per server and format."""
    print(f"\n{'':36}{'requests/s':>11}{'observations/s':>16}{'median ms':>11}{'us/row':>9}{'of the network':>16}")
    for (name, kind), loads in sides.items():
        one = middle(loads)
        rate = one.rate * sessions
        cells = f"{one.rate:>11.1f}{rate:>16,.0f}{one.median_ms:>11.1f}{one.server_us / sessions:>9.1f}"
        print(f"{name + ', ' + kind:36}{cells}{rate / alone:>16.1%}")
    for (name, kind), loads in sides.items():
        side, _, store = name.rpartition(" ")
        if side != "this":
            ours, theirs = middle(sides[f"this {store}", kind]), middle(loads)
            print(
                f"this / {name}, {kind}: {ours.rate / theirs.rate:.1f} times the observations, "
                f"processor time there / here {theirs.server_us / ours.server_us:.1f}"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, help="another checkout of the project")
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--sessions", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{describe_machine()}; {describe_cores()}; load {os.getloadavg()[0]:.1f} at the start")
    pin_client()
    network = served_network(options.artifacts / "default")
    alone = rows_per_second(network, options.sessions, options.seconds)
    print(f"the network alone: a step and a forecast of {alone:,.0f} rows/s, {options.sessions} at once", flush=True)
    plain = [sys.executable, "-m", "service"]
    with ExitStack() as stack:
        sides = {("this", store): (ROOT, options.artifacts) for store in STORES}
        if options.base:
            base = options.base.resolve()
            sides |= {(f"base {commit_of(base)}", store): (base, base / "artifacts") for store in STORES}
        clients, servers = {}, {}
        for (name, store), (checkout, artifacts) in sides.items():
            servers[f"{name} {store}"] = server = open_server(stack, store, checkout, artifacts, plain)
            for kind, one in open_streams(server, options.sessions).items():
                one.run(_WARM_S)
                clients[f"{name} {store}", kind] = one
        loads = alternate(options.rounds, [partial(one.run, options.seconds) for one in clients.values()])
        print_table(dict(zip(clients, loads, strict=True)), options.sessions, alone)
        print("\nwhere the time of a request goes, by the server's metrics")
        for (name, kind), one in clients.items():
            if name.startswith("this "):
                print(f"{name}, {kind}: {where_by_metrics(servers[name], one, options.seconds)}")
    print("\nby samples, of each thread that is not waiting")
    for kind in FORMATS:
        samples = where_by_samples(options.artifacts, "sqlite", kind, options.sessions, options.seconds)
        shares = [f"{place} {n / samples.total():.0%}" for place, n in samples.most_common(_SHOWN)]
        print(f"this sqlite, {kind}: {', '.join(shares)}")


if __name__ == "__main__":
    main()
