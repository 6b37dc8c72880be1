"""``python -m tests.chaos.kills --kills 200``: a server that is killed over and over while many clients stream to it.

They send one or more observations of one or more sessions per request, as JSON and as Arrow tables, and send again what
was not answered. Some kills come while a start is still reading the journal, some starts have few places in memory, a
few stops are in order. Prints what was done; ends with 1 at the first thing that is lost, counts twice or is untrue.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from statecast.compiled import is_built
from tests.builders import tiny_artifact, tiny_family_artifact
from tests.chaos.clients import Client, Outcome, clients
from tests.chaos.server import Server
from tests.chaos.watch import Watch, false_alarms

PLACES = ("16", "64", "4096")
"""Sessions that have a place in memory."""


@dataclass
class Count:
    """What has happened so far."""

    kills: int = 0
    early: int = 0
    stops: int = 0
    untold: int = 0
    polls: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def text(self, streaming: list[Client]) -> str:
        refused = sum(client.refused for client in streaming)
        return (
            f"{self.kills} kills ({self.early} before it was ready, {self.stops} stops in order): "
            f"{len(self.outcomes)} requests, {refused} refused, {self.untold} observations kept and not answered, "
            f"{self.polls} looks at /ready, {time.monotonic() - self.began:.0f} s"
        )


def server_in(folder: Path) -> Server:
    tiny_artifact(folder / "artifacts", calendar=())
    tiny_family_artifact(folder / "artifacts")
    return Server(
        folder, artifacts=str(folder / "artifacts"), state_url=f"sqlite:///{folder}/s.db", default_model="tiny"
    )


async def _begin(server: Server, draw: random.Random, count: Count, kills: int) -> None:
    """Start until a start is left alone until it is ready."""
    places = {"resident_sessions": draw.choice(PLACES)}
    while draw.random() < 0.2 and count.kills < kills:
        launching = asyncio.create_task(asyncio.to_thread(server.launch, **places))
        await asyncio.sleep(draw.uniform(0, 3.5))
        if server.process is not None:
            server.process.send_signal(signal.SIGKILL)
        await launching
        await asyncio.to_thread(server.kill)
        count.kills += 1
        count.early += 1
    await asyncio.to_thread(server.start, **places)


def connected(server: Server) -> httpx.AsyncClient:
    """Connections are given up before the server would, which may be in the moment in which one is used again."""
    return httpx.AsyncClient(base_url=server.url, timeout=60, limits=httpx.Limits(keepalive_expiry=2))


async def _recover(server: Server, streaming: list[Client], count: Count, http: httpx.AsyncClient) -> None:
    try:
        count.untold += sum(await asyncio.gather(*(client.recover(http) for client in streaming)))
    except httpx.TransportError as error:
        ended = None if server.process is None else server.process.poll()
        raise AssertionError(f"the server did not answer; it ended with {ended}") from error


async def _stream(server: Server, streaming: list[Client], draw: random.Random, count: Count, seconds: float) -> None:
    """Stream for so long, then kill, or now and then stop in order."""
    watch = Watch()
    in_order = draw.random() < 0.05

    async def kill() -> None:
        await asyncio.sleep(seconds)
        assert server.process is not None
        assert server.process.poll() is None, f"the server ended by itself, with {server.process.returncode}"
        sent = signal.SIGTERM if in_order else signal.SIGKILL
        server.process.send_signal(sent)
        ended = len(watch.polls)
        code = await asyncio.to_thread(server.process.wait, 30)
        assert code == -sent, f"it ended with {code}"  # uvicorn sends a signal again when all is in order
        assert not false_alarms(watch.polls[:ended]), false_alarms(watch.polls[:ended])

    async with connected(server) as http:
        await _recover(server, streaming, count, http)
        polling = asyncio.create_task(watch.run(http))
        await asyncio.gather(kill(), *(client.stream(http, lambda: False) for client in streaming))
        await polling
    await asyncio.to_thread(server.kill)
    count.polls += len(watch.polls)
    count.stops += in_order
    count.kills += not in_order


async def kill_over_and_over(
    server: Server, kills: int, seed: int, minutes: float = float("inf"), every: int = 10
) -> None:
    """The whole scene; ``AssertionError`` at the first thing that is wrong."""
    draw, count = random.Random(seed), Count()
    streaming = clients(count.outcomes)
    said = 0
    until = time.monotonic() + 60 * minutes
    while count.kills < kills and time.monotonic() < until:
        await _begin(server, draw, count, kills)
        await _stream(server, streaming, draw, count, draw.uniform(0.05, 1.5))
        if count.kills >= said + every:
            said = count.kills
            print(count.text(streaming), flush=True)
    await asyncio.to_thread(server.start)
    async with connected(server) as http:
        await _recover(server, streaming, count, http)
        for client in streaming:
            await client.check(http)
    sessions = [(name, client.answered) for client in streaming for name in client.names]
    print(f"{len(sessions)} sessions of {min(n for _, n in sessions)} to {max(n for _, n in sessions)} observations:")
    print(f"{count.text(streaming)}; each has the digest and the forecast of one request with all of them", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which no more come")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")  # see tests/conftest.py
    with tempfile.TemporaryDirectory() as folder:
        server = server_in(Path(folder))
        try:
            asyncio.run(kill_over_and_over(server, options.kills, options.seed, options.minutes))
        finally:
            server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
