"""Coarse resolutions in rows of a table: one file with hours and days says what the same request in JSON says."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from httpx import AsyncClient

from service.http.body import ARROW, CSV
from tests.service.http_client import serving, settings_of
from tests.service.protocols.test_coarse_series import HOURS, SECONDS, Story, apart, ask, folder, play  # noqa: F401
from tests.tables import arrow_bytes, csv_bytes

Row = dict[str, Any]


def rows_of(item: str, series: dict[str, Any]) -> list[Row]:
    """A series of a JSON request as rows: hours in order, days among them."""
    found = []
    for name, part in [(None, series), *series.get("resolutions", {}).items()]:
        start, step = np.datetime64(part["start"].removesuffix("Z"), "s"), SECONDS.get(name, 3600)
        for place, value in enumerate(part["target"]):
            found.append({"item_id": item, "timestamp": start + step * place, "resolution": name, "target": value})
    return sorted(found, key=lambda row: (row["timestamp"], row["resolution"] or ""))


def table_of(rows: list[Row]) -> pa.Table:
    kinds = {"timestamp": pa.timestamp("s"), "target": pa.float64()}
    return pa.table(
        {name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in rows[0]},
    )


def csv_of(rows: list[Row]) -> bytes:
    return csv_bytes(table_of(rows))


def arrow_of(rows: list[Row]) -> bytes:
    table = table_of(rows)
    coded = table.set_column(2, "resolution", table["resolution"].cast(pa.string()).dictionary_encode())
    return arrow_bytes(coded)


BODIES: dict[str, Callable[[list[Row]], bytes]] = {CSV: csv_of, ARROW: arrow_of}


async def send(client: AsyncClient, kind: str, body: bytes, **query: str) -> Any:
    headers = {"content-type": kind, "accept": "application/json"}
    return await client.post("/forecast", content=body, headers=headers, params=query)


def without_ids(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    found = answer.json()["forecasts"]
    for one in found:
        if one.get("session"):
            one["session"] = {key: one["session"][key] for key in ("count", "last_timestamp", "digest", "applied")}
        one["warnings"] = [warned for warned in one["warnings"] if warned["code"] != "opened_with_one_value"]
    return found


def test_csv_arrow_and_json_say_the_same_to_the_bit(folder: Path) -> None:  # noqa: F811
    """Whoever exports a file must not get another forecast than who writes JSON."""

    async def scene(client: AsyncClient) -> None:
        for seed in range(3):
            part = Story(seed).part(0, 100 + seed)
            part["resolutions"]["6h"]["target"][2] = None
            body = {"series": [{"item_id": "one", **part}]}
            ours = without_ids(await client.post("/forecast", json=body))
            rows = rows_of("one", part)
            gaps = [row for row in rows if row["resolution"] is None or row["target"] is not None]
            split = sorted(rows, key=lambda row: (row["resolution"] or "", row["timestamp"]))
            bare = [row for row in rows if row["resolution"] is None]
            assert len(gaps) < len(rows) and split != rows
            for kind, write in BODIES.items():
                for same in (rows, gaps, split):
                    assert without_ids(await send(client, kind, write(same))) == ours
                alone = without_ids(await send(client, kind, write(bare)))
                assert alone[0]["mean"] != ours[0]["mean"]

    play(folder, scene)


@pytest.mark.parametrize("kind", BODIES)
def test_items_of_one_table_keep_their_own_days(folder: Path, kind: str) -> None:  # noqa: F811
    """Rows of several items lie mixed in a file; the days of one must not be read as another's."""

    async def scene(client: AsyncClient) -> None:
        parts = {f"item-{seed}": Story(seed).part(0, 100, tables=seed != 1) for seed in range(3)}
        alone = {item: await ask(client, part) for item, part in parts.items()}
        rows = [row for item, part in parts.items() for row in rows_of(item, part)]
        rows.sort(key=lambda row: row["timestamp"])
        together = without_ids(await send(client, kind, BODIES[kind](rows)))
        assert {one["item_id"] for one in together} == set(alone)
        for one in together:
            assert apart(one, alone[one["item_id"]]) <= 1e-4
            assert one["warnings"] == alone[one["item_id"]]["warnings"]

    play(folder, scene)


@pytest.mark.parametrize("kind", BODIES)
def test_a_session_goes_on_by_rows(folder: Path, kind: str) -> None:  # noqa: F811
    """Days that come in rows, a file a day, must leave the state that JSON leaves; in one request as in two."""

    async def scene(client: AsyncClient) -> None:
        story = Story(3)
        for first, last in pairwise([0, 1, 60, 61, 100, HOURS]):
            ours = without_ids(await client.post("/forecast", json={"series": [story.part(first, last, "json")]}))
            rows = rows_of("x", story.part(first, last))
            query = {"session": "rows"} if first else {}
            for row in rows if not first else ():
                row["session"] = "rows" if row["resolution"] is None else None
            theirs = without_ids(await send(client, kind, BODIES[kind](rows), **query))
            for one in (*ours, *theirs):
                one.pop("item_id", None)
            assert theirs == ours
        again = without_ids(await send(client, kind, BODIES[kind](rows), session="rows"))
        assert again[0]["session"]["applied"] == 0 and again[0]["mean"] == theirs[0]["mean"]
        changed = [row | {"target": 7.0} if row["resolution"] and row["target"] else row for row in rows]
        refused = await send(client, kind, BODIES[kind](changed), session="rows")
        assert (refused.status_code, refused.json()["code"]) == (409, "conflicting_observation")

    play(folder, scene)


HOURLY = ("2026-03-01T04:00:00Z,,5", "2026-03-01T05:00:00Z,,6")
BEGIN, GIVEN = "expected the time at which a bucket begins", "a resolution whose values the model is given (6h, 1d)"
BAD = {
    "an unknown name": (
        [*HOURLY, "2026-02-01,noon,7"],
        f"series[0].resolution[2]: expected {GIVEN}, got 'noon'; leave it out, or the cell empty for the series' own",
    ),
    "not the model's": (["2026-01-29,1w,7", *HOURLY], f"series[0].resolution[0]: expected {GIVEN}, got '1w'"),
    "the series' own": ([*HOURLY, "2026-03-01T06:00Z,1h,7"], f"series[0].resolution[2]: expected {GIVEN}, got '1h'"),
    "two names": (
        [*HOURLY, "2026-02-01,1d,7", "2026-02-02,24h,7"],
        "series[0].resolution[3]: expected each resolution once, got 1d twice",
    ),
    "astray": (
        [*HOURLY, "2026-02-01T00:00:00Z,1d,7", "2026-02-02T05:00:00Z,1d,8"],
        f"series[0].timestamp[3]: {BEGIN}, such as 2026-02-02T00:00:00Z, got 2026-02-02T05:00:00Z; buckets are counted",
    ),
    "all astray": (
        ["2026-02-01T05:00:00Z,1d,7", "2026-02-02T05:00:00Z,1d,8", *HOURLY],
        f"series[0].timestamp[0]: {BEGIN}, such as 2026-02-01T00:00:00Z, got 2026-02-01T05:00:00Z; buckets are counted",
    ),
    "twice": (
        ["2026-02-01,1d,7", *HOURLY, "2026-02-01,1d,7"],
        "series[0].timestamp[3]: expected ascending times, got the same time as the one before; sort",
    ),
    "not sorted": (
        ["2026-02-03,1d,7", *HOURLY, "2026-02-01,1d,7"],
        "series[0].timestamp[3]: expected ascending times, got an earlier time",
    ),
    "own rows not sorted": (
        ["2026-02-01,1d,7", *reversed(HOURLY)],
        "series[0].timestamp[2]: expected ascending times, got an earlier time",
    ),
    "no time": ([*HOURLY, ",1d,7"], "timestamp: line 4 (row 2) has no time"),
    "no time told": ([*HOURLY, "yesterday,1d,7"], "timestamp: line 4 (row 2): expected an RFC 3339 time"),
    "counted steps": (
        ["1,,5", "2,,6", "0,1d,7"],
        "series[0].timestamp: expected the time at which each value's bucket begins, got counted steps; give times",
    ),
    "not over": (
        [*HOURLY, "2026-02-28,1d,7", "2026-03-01,1d,7"],
        "resolutions.1d: expected values of buckets that are over by the last step of target, but that of "
        "2026-03-01T00:00:00Z is not; send it with the step that ends its bucket",
    ),
    "too far apart": (
        ["1066-02-01T00:00:00Z,1d,7", "2026-02-01T00:00:00Z,1d,7", *HOURLY],
        "series[0].target: expected at most 100000 buckets from the first to the last, got 350634; send the newest",
    ),
    "too large": ([*HOURLY, "2026-02-01,1d,1e39"], "series[0].target[2]: expected a finite number that fits float32"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_named(folder: Path, name: str) -> None:  # noqa: F811
    """A file has thousands of rows; whoever has to mend one must be told which."""
    lines, message = BAD[name]
    body = "\n".join(["timestamp,resolution,target", *lines])

    async def scene() -> None:
        async with serving(settings_of(folder, max_history=100_000)) as (client, _):
            answer = await send(client, CSV, body.encode())
            assert answer.status_code == 422, answer.text
            assert answer.json()["detail"].startswith(message), answer.json()["detail"]

    asyncio.run(scene())


def test_what_the_column_or_the_times_must_be(folder: Path) -> None:  # noqa: F811
    """Where it was a covariate's name, the values must not vanish; without times no row has a bucket."""

    async def scene(client: AsyncClient) -> None:
        numbers = arrow_bytes(pa.table({"target": [1.0, 2.0], "resolution": [6, 6]}))
        for kind, body, message in [
            (ARROW, numbers, "resolution: expected texts such as 1d, empty for the series' own"),
            (CSV, b"resolution,target\n,5\n1d,7\n", "series[0].timestamp: expected the time at which each value's"),
        ]:
            answer = await send(client, kind, body)
            assert answer.status_code == 422 and answer.json()["detail"].startswith(message), answer.text

    play(folder, scene)
