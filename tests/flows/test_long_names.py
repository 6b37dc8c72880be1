"""Names of megabytes in a request are cut in the answer: repeating them would send an attacker's traffic twice."""

import asyncio
from pathlib import Path

import orjson

from tests.builders import tiny_artifact
from tests.service.http_client import serving, settings_of

LONG = "x" * 30_000_000
CASES = {
    "field": ("/forecast", {LONG: 1, "series": [{"target": [1.0]}]}),
    "field of a series": ("/forecast", {"series": [{"target": [1.0], LONG: 1}]}),
    "one of two series": ("/forecast", {"series": [{"target": [1.0, 2.0]}, {"target": [1.0], "freq": LONG}]}),
    "variable": ("/forecast", {"series": [{"target": [1.0], "past_covariates": {LONG: [1.0]}}]}),
    "model": ("/forecast", {"model": LONG, "series": [{"target": [1.0]}]}),
    "session": ("/forecast", {"series": [{"target": [1.0], "session": LONG}]}),
    "value": ("/forecast", {"series": [{"target": LONG}]}),
    "field of a text": ("/generate", {LONG: 1, "prompt": "a"}),
    "field of a completion": ("/v1/completions", {LONG: 1, "prompt": "a", "model": "tiny"}),
    "model of a completion": ("/v1/completions", {"prompt": "a", "model": LONG}),
}


def test_the_answer_is_short(tmp_path: Path) -> None:
    tiny_artifact(tmp_path)

    async def flow() -> None:
        async with serving(settings_of(tmp_path)) as (client, _):
            for name, (path, body) in CASES.items():
                answer = await client.post(path, content=orjson.dumps(body))
                assert len(answer.content) < 10_000, name
                assert 400 <= answer.status_code < 500 or "one of" in name, (name, answer.text[:500])
            table = await client.post(
                "/forecast", content=f"target,{LONG}\n1,2\n", headers={"content-type": "text/csv"}
            )
            assert len(table.content) < 10_000 and table.status_code < 500, table.text[:300]

    asyncio.run(flow())
