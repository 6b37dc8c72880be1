"""One series of 336 values per request: this service and peers that serve the same network, one core each side.

    python -m benchmarks.peers [--environment DIR ...] [--seconds 5] [--rounds 3] [--only NAME ...]

Every server is started anew in each round, alone, and in the next round in the opposite order; printed is the round of
the median rate. A peer that is not installed in any of the environments (folders of virtual environments, this one if
none is named) is named and left out, and so is one that does not start.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.load import Clients, Load, measure_ceiling, middle
from benchmarks.harness.process import Process, ServerFailedError
from benchmarks.harness.requests import whole_history
from benchmarks.harness.server import running_server
from benchmarks.machine import describe_machine
from benchmarks.peers.peer import PEERS, Peer, environment_of, requests_of, running_peer

CLIENTS = (1, 64)
OURS = "this service"
_WARM_S = 1.0

Turn = Callable[[float], dict[int, Load]]
"""Starts a server, loads it for so many seconds with each number of clients, and ends it."""


def load_each(
    port: int, process: Process, streams: Callable[[int], list[Iterator[bytes]]], seconds: float
) -> dict[int, Load]:
    """Load a running server with each number of clients."""
    found = {}
    for count in CLIENTS:
        clients = Clients(port, process, streams(count))
        clients.run(_WARM_S)
        found[count] = clients.run(seconds)
    return found


def turn_of_ours(artifacts: Path) -> Turn:
    """The service, with sessions in memory."""

    def turn(seconds: float) -> dict[int, Load]:
        with running_server(artifacts, pinned=True, state_url="memory://", threads=1, device="cpu") as server:
            return load_each(
                server.port, server.process, lambda count: [whole_history(number) for number in range(count)], seconds
            )

    return turn


def turn_of_peer(peer: Peer, artifact: Path, python: str) -> Turn:
    """A peer in its environment."""

    def turn(seconds: float) -> dict[int, Load]:
        with running_peer(peer, artifact, python=python) as running:
            return load_each(running.port, running.process, lambda count: requests_of(peer, count), seconds)

    return turn


def collect(turns: dict[str, Turn], rounds: int, seconds: float) -> dict[str, list[dict[int, Load]]]:
    """Every server in turns; one that fails is dropped with its reason."""
    found: dict[str, list[dict[int, Load]]] = {name: [] for name in turns}
    for number in range(rounds):
        for name in list(found) if number % 2 == 0 else list(found)[::-1]:
            try:
                found[name].append(turns[name](seconds))
            except ServerFailedError as error:
                print(f"{name}: left out, {error}", flush=True)
                del found[name]
            else:
                last = found[name][-1]
                print(f"round {number + 1}, {name}: {' / '.join(f'{x.rate:,.0f}' for x in last.values())}", flush=True)
    return found


def print_table(found: dict[str, list[dict[int, Load]]], versions: dict[str, str]) -> None:
    """One line per server: what it reaches, and how many times as much this service does."""
    head = f"{'req/s':>9}{'median':>9}{'p99':>8}{'us/req':>8}{'ours':>7}"
    print(f"\n{'':30}{'1 client':>41}{'64 clients':>43}\n{'':30}{head}{'':2}{head}")
    ours = {count: middle([loads[count] for loads in found[OURS]]).rate for count in CLIENTS}
    for name, turns in found.items():
        cells = []
        for count in CLIENTS:
            one = middle([loads[count] for loads in turns])
            ratio = ours[count] / one.rate
            cells.append(f"{one.rate:>9,.0f}{one.median_ms:>9.2f}{one.p99_ms:>8.1f}{one.server_us:>8,.0f}{ratio:>7.2f}")
        print(f"{name + ' ' + versions.get(name, ''):30}{'  '.join(cells)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, nargs="+", default=[Path(sys.prefix)])
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[peer.name for peer in PEERS])
    options = parser.parse_args()
    print(f"{describe_machine()}; {describe_cores()}; load {os.getloadavg()[0]:.1f} at the start")
    pin_client()
    ceiling = measure_ceiling([whole_history(number) for number in range(max(CLIENTS))])
    print(f"the client alone: {ceiling:,.0f} requests/s of its core")
    pythons = [str(folder.absolute() / "bin" / "python") for folder in [*options.environment, Path(sys.prefix)]]
    turns, versions = {OURS: turn_of_ours(options.artifacts)}, {}
    for peer in PEERS:
        if peer.name not in options.only:
            continue
        place = environment_of(peer, pythons)
        if place is None:
            print(f"{peer.name}: left out, {peer.package} is installed in none of the environments")
            continue
        versions[peer.name] = place[1]
        turns[peer.name] = turn_of_peer(peer, options.artifacts / "default", place[0])
    print_table(collect(turns, options.rounds, options.seconds), versions)


if __name__ == "__main__":
    main()
