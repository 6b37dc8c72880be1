"""Two replicas at once on one session."""

import asyncio
import random
from typing import Any

import httpx

from tests.chaos.clients import OPENING, values
from tests.chaos.replicas.scene import Scene


async def race(scene: Scene, requests: int, seed: int) -> None:
    """So many requests, two at a time, one to each replica; fails where one is applied twice, never or out of order.

    One half brings each observation to both, now and then with those before it: one applies it, to the other it is a
    duplicate. Of the other half each has an observation of its own, without time or index, in whatever order they get
    through: the answers say in which, and the session has the digest of that.
    """
    await asyncio.gather(*(asyncio.to_thread(server.start) for server in scene.replicas.values()))
    draw, urls = random.Random(seed), [server.url for server in scene.replicas.values()]
    async with httpx.AsyncClient(timeout=60) as http:

        async def send(url: str, session: str, target: list[float | None], begin: int | None = None) -> dict[str, Any]:
            series = {"target": target, "session": session} | ({} if begin is None else {"from_index": begin})
            answer = await http.post(f"{url}/forecast", json={"series": [series]})
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()["forecasts"][0]["session"]
            return found

        opening = values(0, 0, OPENING, gaps=False)
        for session in ("same", "other"):
            await send(urls[0], session, opening, 0)
        end = OPENING + requests // 4
        for step in range(OPENING, end):
            begins = [step - draw.choice((0, 0, 0, 2)) for _ in urls]
            parts = [(url, values(0, begin, step + 1, False), begin) for url, begin in zip(urls, begins, strict=True)]
            told = await asyncio.gather(*(send(url, "same", part, begin) for url, part, begin in parts))
            assert sum(one["applied"] for one in told) == 1, (step, told)
            assert {one["count"] for one in told} == {step + 1}, (step, told)
        order = list(opening)
        for step in range(OPENING, end):
            new = [values(1 + number, step, step + 1, False)[0] for number in range(len(urls))]
            told = await asyncio.gather(*(send(url, "other", [one]) for url, one in zip(urls, new, strict=True)))
            assert all((one["applied"], one["duplicates"]) == (1, 0) for one in told), (step, told)
            assert sorted(one["count"] for one in told) == [len(order) + 1, len(order) + 2], (step, told)
            order += [one for _, one in sorted((told[n]["count"], new[n]) for n in range(len(urls)))]
        for session, whole in (("same", values(0, 0, end, False)), ("other", order)):
            once = await send(urls[1], f"once-{session}", whole, 0)
            for url in urls:
                kept = (await http.get(f"{url}/sessions/{session}")).json()
                assert (kept["count"], kept["digest"]) == (len(whole), once["digest"]), (kept, once)
    print(f"{4 * (end - OPENING)} requests: each observation applied once, in order", flush=True)
