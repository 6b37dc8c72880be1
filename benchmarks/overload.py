"""Three times as many requests as the service can answer, for a minute: what still comes in time, and does it live.

    python -m benchmarks.overload [--work observations histories] [--timeouts 1000 3000] [--seconds 60] [--times 3]

The capacity is what 64 clients reach that wait for their answers. Then requests arrive at three times that rate,
whatever becomes of the earlier ones, each with ``timeout_ms``. Goodput is forecasts within their timeout per second. A
refusal (429) may come at any time, but at once is best; an answer after the timeout is late, whatever it says.
``/live`` is probed throughout by a process of its own. The work is one more observation of a session, or 336 values
without one.
"""

import argparse
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.harness.arrivals import Arrivals
from benchmarks.harness.arrivals import Clients as Arriving
from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.liveness import read_probe, start_probe
from benchmarks.harness.load import Clients
from benchmarks.harness.requests import one_more, opening, whole_history
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine

_WAITING_CLIENTS = 64
_MOST = 8192  # connections; of observations each is an opened session
_SPARE_S = 0.5  # seconds beyond a timeout for which a connection may be owed an answer, and no other is needed
_OPENED = 64
_WORK = ["observations", "histories"]
_AT_ONCE = 512

Streams = Callable[[int], Iterator[bytes]]


def streams_of(work: str, server: Server, timeout_ms: int, count: int) -> Streams:
    """Requests of client number n; sessions are opened first."""
    fields = f',"timeout_ms":{timeout_ms}'
    if work == "histories":
        return lambda number: whole_history(number % 64, fields)
    names = [f"over-{timeout_ms}-{number:05d}" for number in range(count)]
    for begin in range(0, len(names), _AT_ONCE):
        server.post("/forecast", opening(names[begin : begin + _AT_ONCE], _OPENED))
    return lambda number: one_more(names[number], number % _AT_ONCE, _OPENED, fields)


def capacity_of(work: str, server: Server, seconds: float) -> tuple[float, float]:
    """Requests per second of clients that wait, and microseconds of the server's processor for each."""
    fields = ""
    if work == "histories":
        streams = [whole_history(number, fields) for number in range(_WAITING_CLIENTS)]
    else:
        names = [f"capacity-{number:03d}" for number in range(_WAITING_CLIENTS)]
        server.post("/forecast", opening(names, _OPENED))
        streams = [one_more(name, number, _OPENED) for number, name in enumerate(names)]
    clients = Clients(server.port, server.process, streams)
    clients.run(1.0)
    loads = [clients.run(seconds) for _ in range(3)]
    return statistics.median(load.rate for load in loads), statistics.median(load.server_us for load in loads)


def describe(found: Arrivals, capacity: float, timeout_ms: int, live: list[float]) -> str:
    """What a minute came to."""
    statuses = ", ".join(f"{count:,} times {status}" for status, count in sorted(found.statuses.items()))
    sent = found.statuses.total() + found.unanswered
    return (
        f"timeout {timeout_ms:,} ms: offered {found.offered:,.0f}/s ({found.offered / capacity:.2f} of the capacity), "
        f"goodput {found.goodput:,.0f}/s: goodput / capacity {found.goodput / capacity:.2f}\n"
        f"  {statuses}; late {found.late:,} of {sent:,}, slowest answer {1e3 * found.latest_s:,.0f} ms; "
        f"unanswered {found.unanswered:,}, not sent because too many were owed {found.unsent:,}; "
        f"client busy for {found.client_s / found.seconds:.0%}, behind by {1e3 * found.behind_s:,.0f} ms at worst\n"
        f"  /live: median {statistics.median(live):.1f} ms, p99 {statistics.quantiles(live, n=100)[98]:.1f} ms, "
        f"worst {max(live):.1f} ms of {len(live):,}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", nargs="+", choices=_WORK, default=_WORK)
    parser.add_argument("--timeouts", type=int, nargs="+", default=[1000, 3000], help="milliseconds")
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--store", choices=["memory", "sqlite"], default="sqlite")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=float, default=3.0, help="of the capacity")
    options = parser.parse_args()
    print(f"{describe_machine()}; {describe_cores()}; load {os.getloadavg()[0]:.1f} at the start")
    pin_client()
    for work in options.work:
        for timeout_ms in options.timeouts:
            with ExitStack() as stack:
                fields: dict[str, Any] = {"state_url": "memory://"} if options.store == "memory" else {}
                fields |= {"threads": 1, "device": "cpu", "resident_sessions": 2 * _MOST}
                server = stack.enter_context(running_server(options.artifacts, pinned=True, **fields))
                capacity, capacity_us = capacity_of(work, server, min(5.0, options.seconds))
                rate = options.times * capacity
                wanted = int(rate * (timeout_ms / 1e3 + _SPARE_S))
                count = min(_MOST, wanted)
                clients = Arriving(server.port, streams_of(work, server, timeout_ms, count), count)
                probe, used = start_probe(server, options.seconds), server.process.cpu_seconds()
                found = clients.arrive(rate, options.seconds, timeout_ms / 1e3)
                used = server.process.cpu_seconds() - used
                live = read_probe(probe)
            if wanted > count:
                print(f"\n{wanted:,} connections would be needed, there are {count:,}: less arrives than asked for")
            print(f"\n{work}, {options.store}: capacity {capacity:,.0f}/s of {_WAITING_CLIENTS} clients that wait")
            now_us = 1e6 * used / max(1, found.in_time)
            print(
                f"processor time of the server per forecast: {capacity_us:,.0f} us then, {now_us:,.0f} us in overload"
            )
            print(describe(found, capacity, timeout_ms, live), flush=True)


if __name__ == "__main__":
    main()
