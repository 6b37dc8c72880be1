"""``python -m tests.chaos.replicas.race --requests 10000``: two replicas at once on one session.

Each observation goes to both at the same time, now and then together with those before it. One replica applies it, to
the other it is a duplicate. Prints what was done; ends with 1 at the first observation that is applied twice or never.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from statecast.compiled import is_built
from tests.builders import tiny_artifact
from tests.chaos.clients import values
from tests.chaos.server import Server
from tests.service.stores.redis_server import RedisServer


async def race(urls: list[str], requests: int, draw: random.Random) -> str:
    """The whole race; gives what it came to, ``AssertionError`` where something is applied twice, never or late."""
    began, opened = time.monotonic(), 50
    async with httpx.AsyncClient(timeout=60) as http:

        async def send(url: str, begin: int, end: int, session: str = "s") -> dict[str, Any]:
            series = {"target": values(0, begin, end, False), "from_index": begin, "session": session}
            answer = await http.post(f"{url}/forecast", json={"series": [series]})
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()["forecasts"][0]["session"]
            return found

        await send(urls[0], 0, opened)
        steps = requests // len(urls)
        for step in range(opened, opened + steps):
            told = await asyncio.gather(*(send(url, step - draw.choice((0, 0, 0, 2)), step + 1) for url in urls))
            assert sum(one["applied"] for one in told) == 1, (step, told)
            assert {one["count"] for one in told} == {step + 1}, (step, told)
        once = await send(urls[1], 0, opened + steps, "once")
        for url in urls:
            kept = (await http.get(f"{url}/sessions/s")).json()
            assert (kept["count"], kept["digest"]) == (opened + steps, once["digest"]), (kept, once)
    seconds = time.monotonic() - began
    return f"{steps * len(urls)} requests of {steps} observations in {seconds:.0f} s: each applied once, in order"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")  # see tests/conftest.py
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny_artifact(folder / "artifacts", calendar=())
        redis = RedisServer(folder / "redis")
        redis.start()
        servers = [Server(folder, artifacts=str(folder / "artifacts"), state_url=redis.url) for _ in range(2)]
        try:
            for server in servers:
                server.start()
            urls = [server.url for server in servers]
            print(asyncio.run(race(urls, options.requests, random.Random(options.seed))), flush=True)
        finally:
            for server in servers:
                server.kill()
            redis.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
