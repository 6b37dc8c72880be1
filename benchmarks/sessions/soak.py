"""Memory of a server through minutes of streaming: it grows or it does not.

    python -m benchmarks.sessions.soak [--minutes 10] [--clients 64] [--store sqlite] [--warm-minutes 1]

Clients stream one observation per request, each to a session of its own. Resident memory is read every two seconds; the
line of least squares through what follows the warm-up says by how much it grows, which is compared with how much single
readings scatter about that line. Without growth is below 1 % of the memory in the whole time.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.load import Clients
from benchmarks.harness.requests import one_more, opening
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine

_EVERY_S = 2.0
_FLAT = 0.01
_MB = 1e6


def stream(server: Server, clients: int, minutes: float) -> tuple[list[tuple[float, float]], int]:
    """Stream for so long; gives minutes and megabytes of each reading, and the number of requests."""
    names = [f"soak-{number:03d}" for number in range(clients)]
    server.post("/forecast", opening(names))
    load = Clients(server.port, server.process, [one_more(one, number) for number, one in enumerate(names)])
    readings, done, at = [(0.0, server.process.resident_bytes() / _MB)], 0, 0.0
    while at < minutes:
        turn = load.run(min(_EVERY_S, 60 * minutes))
        done, at = done + len(turn.latencies), at + turn.seconds / 60
        readings.append((at, server.process.resident_bytes() / _MB))
    return readings, done


def growth(readings: list[tuple[float, float]]) -> tuple[float, float]:
    """Megabytes per minute by least squares, and the standard deviation of readings about that line."""
    minutes, megabytes = np.array(readings).T
    slope, base = np.polyfit(minutes, megabytes, 1)
    return float(slope), float(np.std(megabytes - (slope * minutes + base)))


def main() -> None:
    """Stream and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--warm-minutes", type=float, default=1.0, help="that are not part of the line")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--store", choices=["memory", "sqlite"], default="sqlite")
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    options = parser.parse_args()
    print(f"{describe_machine()}; {describe_cores()}; load {os.getloadavg()[0]:.1f} at the start", flush=True)
    pin_client()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sessions.db"
        url = f"sqlite:///{file}" if options.store == "sqlite" else "memory://"
        with running_server(options.artifacts, pinned=True, threads=1, device="cpu", state_url=url) as server:
            readings, done = stream(server, options.clients, options.minutes)
            disk = sum(path.stat().st_size for path in Path(folder).iterdir()) / _MB
    settled = [reading for reading in readings if reading[0] >= options.warm_minutes]
    print(f"{done:,} observations of {options.clients} sessions, {options.store}")
    step = max(1, len(readings) // 10)
    print("resident MB: " + ", ".join(f"{at:.1f} min {size:.0f}" for at, size in readings[::step]))
    if options.store == "sqlite":
        print(f"on disk at the end: {disk:.1f} MB")
    if len(settled) < 3:
        raise SystemExit("too short for a line; take more --minutes")
    slope, scatter = growth(settled)
    whole = slope * (settled[-1][0] - settled[0][0])
    verdict = "flat" if whole < _FLAT * settled[0][1] else "GROWS"
    print(f"{slope:+.2f} MB per minute, {whole:+.1f} MB in all ({scatter:.1f} MB of scatter): {verdict}")


if __name__ == "__main__":
    main()
