"""Rows of a table without a target at the end of an item: ahead for a series, missing observations for a session."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact
from tests.service.requests import play

CSV = {"content-type": "text/csv", "accept": "application/json"}


def table(steps: int, empty: int, *, session: str = "") -> bytes:
    """Hours from midnight on, of which the last have no target."""
    header, more = ("timestamp,target,session", f",{session}") if session else ("timestamp,target", "")
    rows = (f"2026-01-01T{n:02d}:00:00Z,{n % 4 if n < steps else ''}{more}" for n in range(steps + empty))
    return "\n".join([header, *rows, ""]).encode()


async def ask(client: httpx.AsyncClient, body: bytes, query: str = "") -> dict[str, Any]:
    answer = await client.post(f"/forecast?horizon=3{query}", content=body, headers=CSV)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["forecasts"]
    return dict(found)


@pytest.mark.parametrize("empty", [1, 3, 5])
def test_a_series_is_forecast_from_its_last_value(tmp_path: Path, empty: int) -> None:
    """Over HTTP the forecast began after the empty rows, on the command line at the first of them."""
    tiny_artifact(tmp_path, calendar=())

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        plain, found = await ask(client, table(12, 0)), await ask(client, table(12, empty))
        assert (found["start"], found["mean"]) == ("2026-01-01T12:00:00Z", plain["mean"])
        (said,) = (one["detail"] for one in found["warnings"] if one["code"] == "rows_ahead")
        assert said.startswith(f"{empty} row")

    play(tmp_path, flow)


def test_a_session_reads_them(tmp_path: Path) -> None:
    """A sensor that says nothing for an hour has had that hour; without it the next value would leave a gap."""
    tiny_artifact(tmp_path, calendar=())

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        for body, query in ((table(12, 2), "&session=a"), (table(12, 2, session="b"), "")):
            found = await ask(client, body, query)
            assert found["session"]["count"] == 14 and found["start"] == "2026-01-01T14:00:00Z"

    play(tmp_path, flow)


def test_every_target_missing_is_refused_as_before(tmp_path: Path) -> None:
    """There is no last value to begin after."""
    tiny_artifact(tmp_path, calendar=())

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        answer = await client.post("/forecast", content=table(0, 4), headers=CSV)
        assert answer.status_code == 422, answer.text

    play(tmp_path, flow)
