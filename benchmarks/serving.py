"""64 clients with one series each: the server as it is, against the same server limited to one row per batch.

    python -m benchmarks.serving [--artifacts artifacts] [--clients 64] [--seconds 5] [--rounds 3]

Both servers run at once and are loaded in turns. Two kinds of work: one more observation of a session, and a whole
history of 336 steps without a session. ``/live`` is probed throughout.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.harness.client import Client
from benchmarks.harness.liveness import read_probe, start_probe
from benchmarks.harness.series import series_of
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine


async def load(server: Server, clients: int, seconds: float, sessions: bool, name: str) -> tuple[float, list[float]]:
    """Requests per second of ``clients`` that each wait for their answer, and milliseconds of ``/live`` meanwhile."""
    done = 0
    history = series_of(336)

    async def work(number: int, end: float) -> None:
        nonlocal done
        session = {"session": f"{name}-{number}"} if sessions else {}
        async with Client(server) as client:
            if sessions:
                await client.forecast([{"target": history, **session}])
            while time.perf_counter() < end:
                await client.forecast([{"target": [float(done % 9) + 100] if sessions else history, **session}])
                done += 1

    began = time.perf_counter()
    end = began + seconds
    probe = start_probe(server, seconds)
    await asyncio.gather(*(work(number, end) for number in range(clients)))
    rate = done / (time.perf_counter() - began)
    return rate, read_probe(probe)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(describe_machine())
    with (
        running_server(options.artifacts) as batched,
        running_server(options.artifacts, batch_rows=1) as single,
    ):
        for kind, sessions in (("one more observation", True), ("336 steps, no session", False)):
            rates: dict[str, list[float]] = {"batched": [], "single": []}
            lives: list[float] = []
            for round_ in range(options.rounds):
                for label, server in (("batched", batched), ("single", single)):
                    name = f"{kind[:3]}{round_}"
                    rate, live = asyncio.run(load(server, options.clients, options.seconds, sessions, name))
                    rates[label].append(rate)
                    lives += live if label == "batched" else []
            ours, theirs = (statistics.median(rates[label]) for label in ("batched", "single"))
            print(f"{kind}, {options.clients} clients: {ours:,.0f} per second batched, {theirs:,.0f} one row per batch")
            print(f"  ratio {ours / theirs:.2f}")
            late = statistics.quantiles(lives, n=100)[98]
            print(
                f"  /live meanwhile: median {statistics.median(lives):.1f} ms, 99 of 100 within {late:.1f} ms, ", end=""
            )
            print(f"worst {max(lives):.1f} ms of {len(lives)}")
        rows, batches = batched.metric("statecast_batch_rows_sum"), batched.metric("statecast_batch_rows_count")
        print(f"mean batch size, from /metrics: {rows / batches:.1f} rows over {batches:,.0f} batches")


if __name__ == "__main__":
    main()
