"""Business days over HTTP have no weekend: nothing is forecast for a Saturday, and no Monday follows a gap."""

from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI

from tests.builders import tiny_family_artifact
from tests.service.requests import play
from tests.service.streaming.scenes import Count, lane_of

DAYS = pd.bdate_range("2024-01-01", periods=80).strftime("%Y-%m-%d").tolist()
VALUES = (np.arange(80) % 5 + 10.0).tolist()


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_named_or_seen(tmp_path: Path, accept: str) -> None:
    """The freq is named beside a start, or shows in the times: as JSON, as a table, and for paths."""
    tiny_family_artifact(tmp_path)

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        for times in ({"start": DAYS[0], "freq": "B"}, {"timestamps": DAYS[:60]}):
            body = {"series": [{"target": VALUES[:60], **times}], "horizon": 7}
            answer = await client.post("/forecast", json=body, headers={"accept": accept})
            assert answer.status_code == 200, answer.text
            if accept == "text/csv":
                assert [line.split(",")[1][1:11] for line in answer.text.split()[1:]] == DAYS[60:67]
                continue
            (found,) = answer.json()["forecasts"]
            assert (found["start"][:10], found["freq"], found["season"]) == (DAYS[60], "1b", 5)
            assert "gap_filled" not in str(found["warnings"])
            (path,) = (await client.post("/generate", json=body | {"num_samples": 2})).json()["paths"]
            assert (path["start"][:10], path["freq"]) == (DAYS[60], "1b")
        rows = "".join(f"{day},{value}\n" for day, value in zip(DAYS, VALUES[:60], strict=False))
        kind = {"content-type": "text/csv", "accept": "text/csv"}
        answer = await client.post("/forecast?horizon=7", content=f"ds,y\n{rows}", headers=kind)
        assert [line.split(",")[1][1:11] for line in answer.text.split()[1:]] == DAYS[60:67]

    play(tmp_path, flow)


@pytest.mark.parametrize("streams", [False, True])
def test_a_session_goes_from_friday_to_monday(tmp_path: Path, streams: bool) -> None:
    """A weekend is no gap, whichever way an observation takes."""
    tiny_family_artifact(tmp_path)

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        count = Count(lane_of(app))
        lane_of(app)._takes = streams
        first = {"start": DAYS[0], "freq": "B", "target": VALUES[:60], "session": "s"}
        await client.post("/forecast", json={"series": [first], "horizon": 2})
        for step in range(60, 72):
            one = {"start": f"{DAYS[step]}T00:00:00Z", "freq": "B", "target": [VALUES[step]], "session": "s"}
            answer = await client.post("/forecast", json={"series": [one], "horizon": 2})
            assert answer.status_code == 200, answer.text
            (found,) = answer.json()["forecasts"]
            assert found["start"][:10] == DAYS[step + 1] and found["session"]["count"] == step + 1
            assert "gap_filled" not in str(found["warnings"])
        assert count.taken == 12 * streams

    play(tmp_path, flow)
