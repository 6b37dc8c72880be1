"""A table of many series as a job, beside a client that goes on asking for forecasts: seconds, memory, and its p99.

    python -m benchmarks.jobs [--series 10000] [--values 168] [--artifacts artifacts]

The client sends one series of as many values every 20 ms, first alone and then beside the job. The server has one core.
"""

import argparse
import json
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np

from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.server import Server, running_server
from benchmarks.harness.waiting import wait_until
from benchmarks.machine import describe_machine

HORIZON, ALONE_S, PAUSE_S, LONGEST_S = 24, 5.0, 0.02, 600.0


def table_of(series: int, values: int) -> bytes:
    """A long table as CSV: days that repeat, each series at its own height, hourly."""
    stamps = np.datetime64("2026-01-01T00:00:00") + np.arange(values).astype("timedelta64[h]")
    day = np.sin(np.arange(values) * 2 * np.pi / 24)
    draw, lines = np.random.default_rng(0), ["item_id,timestamp,target"]
    for number in range(series):
        target = draw.uniform(10, 1000) * (1 + 0.2 * day) + draw.normal(size=values)
        lines += [f"s{number},{stamp}Z,{value:.3f}" for stamp, value in zip(stamps, target, strict=True)]
    return "\n".join(lines).encode()


class LiveClient(threading.Thread):
    """Asks for a forecast every 20 ms; ``latencies`` holds when each answer came, and after how many seconds."""

    def __init__(self, url: str, values: int) -> None:
        super().__init__(daemon=True)
        self._url, self.ended = url, threading.Event()
        self.latencies: list[tuple[float, float]] = []
        target = (50 + 10 * np.sin(np.arange(values) * np.pi / 12)).round(3).tolist()
        self._body = json.dumps({"series": [{"target": target, "freq": "1h"}], "horizon": HORIZON})

    def run(self) -> None:
        """Until ``ended``."""
        with httpx.Client(base_url=self._url, timeout=60, headers={"content-type": "application/json"}) as client:
            while not self.ended.wait(PAUSE_S):
                began = time.perf_counter()
                client.post("/forecast", content=self._body).raise_for_status()
                now = time.perf_counter()
                self.latencies.append((now, now - began))

    def describe(self, begin: float, end: float) -> str:
        """Median, p99 and longest of the answers in a time."""
        taken = 1e3 * np.array([seconds for at, seconds in self.latencies if begin <= at <= end])
        median, p99 = np.quantile(taken, [0.5, 0.99])
        return f"median {median:.1f} ms, p99 {p99:.1f} ms, longest {taken.max():.1f} ms of {len(taken)} answers"


def run_job(server: Server, url: str, body: bytes) -> tuple[dict[str, Any], float, int]:
    """Run a job to its end; gives it, the seconds until it was taken, and the most memory seen."""
    query = {"kind": "forecast", "horizon": str(HORIZON)}
    began, most = time.perf_counter(), 0
    with httpx.Client(base_url=url, timeout=120) as client:
        job = client.post("/jobs", params=query, content=body, headers={"content-type": "text/csv"}).json()
        taken = time.perf_counter() - began

        def ended() -> bool:
            nonlocal job, most
            most = max(most, server.process.resident_bytes())
            job = client.get(f"/jobs/{job['id']}").json()
            return job["status"] not in ("queued", "running")

        wait_until(ended, LONGEST_S, "the job to end")
    return job, taken, most


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--values", type=int, default=168)
    options = parser.parse_args()
    body = table_of(options.series, options.values)
    print(f"{describe_machine()}; {describe_cores()}", flush=True)
    pin_client()
    with (
        TemporaryDirectory() as folder,
        running_server(options.artifacts, pinned=True, threads=1, device="cpu", jobs_folder=folder) as server,
    ):
        url = f"http://127.0.0.1:{server.port}"
        live, began = LiveClient(url, options.values), time.perf_counter()
        live.start()
        live.ended.wait(ALONE_S)
        begin, before = time.perf_counter(), server.process.resident_bytes()
        job, taken, most = run_job(server, url, body)
        end = time.perf_counter()
        live.ended.set()
        live.join()
    print(f"{options.series:,} series of {options.values} values, {len(body) / 2**20:.0f} MiB of CSV, {HORIZON} steps")
    print(f"taken after {taken:.1f} s, {job['status']} after {end - begin:.1f} s: {job['progress']}")
    print(f"memory of the server: {before / 1e6:.0f} MB before, {most / 1e6:.0f} MB at most")
    print(f"the live client alone:   {live.describe(began, begin)}")
    print(f"the live client beside:  {live.describe(begin, end)}")


if __name__ == "__main__":
    main()
