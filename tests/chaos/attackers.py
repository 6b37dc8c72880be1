"""``python -m tests.chaos.attackers``: twenty normal clients, alone and then beside seven attackers; then SIGTERM.

Prints the normal clients' median and 99th percentile in both, and how long the process took to end. By hand, because a
percentile wants a machine of its own.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np

from tests.builders import tiny_artifact
from tests.chaos.server import Server

CLIENTS, ATTACKERS, SECONDS, DRAIN_S = 20, 7, 10.0, 5.0
JSON = {"content-type": "application/json"}


def _hostile() -> list[tuple[bytes, dict[str, str]]]:
    levels = json.dumps([n / 1_000_001 for n in range(200_000, 600_000)]).encode()
    fields = b",".join(b'"a%d":1' % n for n in range(900))
    return [
        (b'{"series": [{"target": [1, 2]}], "quantile_levels": ' + levels + b"}", JSON),
        (b'{"series": [{"target": [1, 2]}], "quantile_levels": ' + levels[:250_000].rpartition(b",")[0] + b"]}", JSON),
        (b'{"series": [' + b",".join([b'{"target": [1], ' + fields + b"}"] * 300) + b"]}", JSON),
        (b'{"series": [' + b",".join([b"{}"] * 9_000) + b"]}", JSON),
        (b"timestamp,target" + b"".join(b",c%d" % n for n in range(30_000)) + b"\n", {"content-type": "text/csv"}),
        (b'{"series": ' + b"[" * 8_000_000, JSON),
        (b'{"horizon": 12, "series": [' + b",".join([b'{"target": [1, 2, 3]}'] * 5_000) + b"]}", JSON),
    ]


async def _normal(url: str, number: int, until: float, took: list[float]) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        count = 0
        while time.monotonic() < until:
            body = {"series": [{"session": f"c{number}-{until}", "from_index": count, "target": [50.0 + count % 7]}]}
            began = time.monotonic()
            answer = await client.post("/forecast", json=body)
            took.append(time.monotonic() - began)
            assert answer.status_code == 200, answer.text
            count += 1
            await asyncio.sleep(0.05)


async def _attacker(url: str, body: bytes, headers: dict[str, str], until: float) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        while time.monotonic() < until:
            try:
                await client.post("/forecast", content=body, headers=headers, timeout=0.5)
            except httpx.HTTPError:
                await asyncio.sleep(0.01)  # it left; the server should have noticed


async def _measure(url: str, attackers: list[Callable[[float], Awaitable[None]]]) -> tuple[float, float, int]:
    until, took = time.monotonic() + SECONDS, list[float]()
    await asyncio.gather(
        *(_normal(url, number, until, took) for number in range(CLIENTS)), *(attack(until) for attack in attackers)
    )
    return float(np.median(took)) * 1e3, float(np.quantile(took, 0.99)) * 1e3, len(took)


async def _scene(server: Server) -> int:
    hostile = _hostile()
    attackers = [
        lambda until, body=body, headers=headers: _attacker(server.url, body, headers, until)
        for body, headers in hostile
    ]
    await _measure(server.url, [])  # warm
    before, beside = await _measure(server.url, []), await _measure(server.url, attackers)
    print(f"alone            median {before[0]:6.1f} ms, p99 {before[1]:6.1f} ms, {before[2]} requests")
    print(f"beside attackers median {beside[0]:6.1f} ms, p99 {beside[1]:6.1f} ms, {beside[2]} requests")
    assert server.process is not None
    attack = asyncio.gather(*(run(time.monotonic() + 2) for run in attackers), return_exceptions=True)
    await asyncio.sleep(1)
    os.kill(server.process.pid, signal.SIGTERM)
    began = time.monotonic()
    with suppress(subprocess.TimeoutExpired):
        await asyncio.to_thread(server.process.wait, 60)
    ended = time.monotonic() - began
    await attack
    print(f"SIGTERM: ended after {ended:.1f} s (drain {DRAIN_S:.0f} s)")
    return 0 if beside[1] < 3 * before[1] and ended < DRAIN_S + 2 else 1


def main() -> int:
    """1 if the attackers were noticed too much, or the process did not end in time."""
    with tempfile.TemporaryDirectory() as folder:
        tiny_artifact(Path(folder) / "artifacts")
        server = Server(Path(folder), artifacts="artifacts", drain_s=str(DRAIN_S))
        server.start()
        try:
            return asyncio.run(_scene(server))
        finally:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
