"""Any split of the same observations gives the same digest, over HTTP too."""

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.builders import tiny_artifact
from tests.service.http_client import serving, settings_of

VALUES: list[float | None] = [round(float(v), 3) for v in 50 + 5 * np.sin(np.arange(120) / 4)]
VALUES[7] = VALUES[30] = VALUES[31] = None


async def digest_of(client: httpx.AsyncClient, session: str, cuts: list[int], **fields: Any) -> str:
    digest = ""
    for begin, end in zip([0, *cuts], [*cuts, len(VALUES)], strict=True):
        series = {"session": session, "target": VALUES[begin:end], **fields}
        if "freq" in fields:
            series["start"] = str(np.datetime64("2026-01-30T00:30") + np.timedelta64(begin, "h"))
        reply = await client.post("/forecast", json={"series": [series]})
        assert reply.status_code == 200, reply.text
        digest = reply.json()["forecasts"][0]["session"]["digest"]
    looked = (await client.get(f"/sessions/{session}")).json()
    assert looked["digest"] == digest
    return digest


def test_any_split_gives_the_same_digest(tmp_path: Path) -> None:
    """By it a client, a replica or a backup knows that a session holds what it should."""
    tiny_artifact(tmp_path)
    chance = random.Random(3)

    async def scene() -> None:
        async with serving(settings_of(tmp_path)) as (client, _):
            for kind, fields in (("plain", {}), ("timed", {"freq": "1h"})):
                found = {await digest_of(client, f"{kind}-whole", [], **fields)}
                for number in range(6):
                    cuts = sorted(chance.sample(range(1, len(VALUES)), chance.randint(1, 25)))
                    found.add(await digest_of(client, f"{kind}-{number}", cuts, **fields))
                assert len(found) == 1
                again = await client.post("/forecast", json={"series": [{"session": f"{kind}-0", "target": []}]})
                assert {again.json()["forecasts"][0]["session"]["digest"]} == found

    asyncio.run(scene())


def test_a_session_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    """Its digest was one of its state; the chain begins with that, and is still the same for any split."""
    tiny_artifact(tmp_path)

    async def scene() -> None:
        async with serving(settings_of(tmp_path)) as (client, app):
            store = app.state.container.services.forecasts.store
            found = set()
            for name, cuts in (("a", [100, 110]), ("b", [100, 101, 102, 119])):
                await client.post("/forecast", json={"series": [{"session": name, "target": VALUES[:100]}]})
                sessions = app.state.container.services.forecasts._sessions
                (record,) = [r for r in sessions._records.values() if r.count == 100]
                object.__setattr__(record, "digest", "sha256:" + "ab" * 32)
                for begin, end in zip(cuts, [*cuts[1:], len(VALUES)], strict=True):
                    reply = await client.post(
                        "/forecast", json={"series": [{"session": name, "target": VALUES[begin:end]}]}
                    )
                found.add(reply.json()["forecasts"][0]["session"]["digest"])
                assert store.get(record.key) is not None
            assert len(found) == 1 and found != {"sha256:" + "ab" * 32}

    asyncio.run(scene())
