"""Times over HTTP, from the body to the session and back: the columns that people have, and sessions that go on.

Without this a session of a daily series dies at each change of clocks, and month ends drift into the next month.
"""

import io
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.requests import play
from tests.tables import arrow_bytes
from tests.time_cases import TIME_CASES

ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(folder)
    tiny_artifact(folder, "monthly", freq="1mo", calendar=("year",))
    return folder


@pytest.mark.parametrize("name", TIME_CASES)
def test_a_table_and_a_body_are_read_alike(artifacts: Path, name: str) -> None:
    """Two readers that disagree give two forecasts for one file."""
    case = TIME_CASES[name]

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        series = {"target": case.values, "timestamps": list(case.stamps)}
        body = await client.post("/forecast", json={"series": [series], "horizon": 2})
        table = await client.post(
            "/forecast?horizon=2", content=case.csv, headers={"content-type": "text/csv", "accept": "text/csv"}
        )
        if case.refusal:
            for answer in (body, table):
                assert answer.status_code == 422
                assert all(word in answer.text for word in case.refusal), answer.text
            return
        assert (body.status_code, table.status_code) == (200, 200), body.text + table.text
        assert body.json()["forecasts"][0]["start"] == case.following[0]
        convert = pa_csv.ConvertOptions(column_types={"timestamp": pa.string()})
        rows = pa_csv.read_csv(io.BytesIO(table.content), convert_options=convert).to_pydict()
        assert tuple(rows["timestamp"]) == case.following
        assert rows["mean"] == pytest.approx(body.json()["forecasts"][0]["mean"], rel=1e-5)

    play(artifacts, flow)


SESSIONS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str]] = {
    "months": (
        {"start": "2026-01-31", "freq": "1mo"},
        [{"start": "2026-02-28", "freq": "1mo"}, {"timestamps": ["2026-03-31"]}],
        "2026-04-30T00:00:00Z",
    ),
    "the 30th": (
        {"start": "2026-01-30", "freq": "1mo"},
        [{"start": "2026-02-28", "freq": "1mo"}, {"start": "2026-03-30"}],
        "2026-04-30T00:00:00Z",
    ),
    "years": (
        {"start": "2022-04-01", "freq": "1y"},
        [{"start": f"{year}-04-01", "freq": "1y"} for year in (2023, 2024, 2025)],
        "2026-04-01T00:00:00Z",
    ),
    "quarters": (
        {"start": "2023-09-30", "freq": "QE"},
        [{"start": "2023-12-31", "freq": "1q"}, {"start": "2024-03-31", "freq": "QE-DEC"}],
        "2024-06-30T00:00:00Z",
    ),
    "days": (
        {"start": "2024-03-30T00:00:00+01:00", "freq": "1d"},
        [{"timestamps": ["2024-03-31T00:00:00+01:00"]}, {"timestamps": ["2024-04-01T00:00:00+02:00"]}],
        "2024-04-02T00:00:00+02:00",
    ),
    "days of a zone": (
        {"start": "2024-10-26T00:00:00+02:00", "freq": "1d"},
        [{"timestamps": ["2024-10-27"]}, {"timestamps": ["2024-10-27T23:00:00Z"]}],
        "2024-10-29T00:00:00+01:00",
    ),
    "business days": (
        {"start": "2026-01-01", "freq": "B"},
        [{"timestamps": ["2026-01-02"]}, {"timestamps": ["2026-01-05"]}],
        "2026-01-06T00:00:00Z",
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("store", ["memory://", "sqlite"])
def test_a_session_goes_on_where_the_calendar_does(artifacts: Path, tmp_path: Path, name: str, store: str) -> None:
    """One value at a time gives what the whole history at once gives."""
    opened, later, following = SESSIONS[name]

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        options = {"timezone": "Europe/Berlin"} if name == "days of a zone" else {}
        value = 1.0
        for place, times in enumerate((opened, *later)):
            value += 1.0
            series = {"target": [value], "session": "s", "season": 1, **times}
            body = {"series": [series], "horizon": 2, **(options if place == 0 else {})}
            answer = await client.post("/forecast", json=body)
            assert answer.status_code == 200, answer.text
        forecast = answer.json()["forecasts"][0]
        assert (forecast["start"], forecast["session"]["count"]) == (following, 1 + len(later))
        again = (await client.post("/forecast", json=body)).json()["forecasts"][0]
        assert again["session"]["duplicates"] == 1
        whole = {"target": [float(2 + step) for step in range(1 + len(later))], "season": 1, **opened}
        once = (await client.post("/forecast", json={"series": [whole], "horizon": 2, **options})).json()
        assert once["forecasts"][0]["start"][:10] == following[:10]
        assert once["forecasts"][0]["mean"] == pytest.approx(forecast["mean"], rel=1e-4)

    url = store if store.startswith("memory") else f"sqlite:///{tmp_path / 'sessions.db'}"
    play(artifacts, flow, state_url=url)


def test_a_time_beside_the_session_s_steps_is_refused(artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        for start, status in (("2026-01-31", 200), ("2026-02-27", 409), ("2026-02-28", 200), ("2026-03-30", 409)):
            series = {"target": [1.0], "session": "s", "start": start, "freq": "1mo"}
            answer = await client.post("/forecast", json={"series": [series]})
            assert answer.status_code == status, answer.text
        assert "2026-03-31" in answer.json()["detail"]

    play(artifacts, flow)


def test_an_alias_that_moves_the_start_is_warned_about(artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        series = {"target": [1.0, 2.0], "start": "2026-01-15", "freq": "MS"}
        for model in ("default", "monthly"):
            answer = await client.post("/forecast", json={"series": [series], "model": model})
            (forecast,) = answer.json()["forecasts"]
            assert (forecast["start"], forecast["freq"]) == ("2026-04-01T00:00:00Z", "1mo")
            assert forecast["warnings"][0]["code"] == "start_rolled_forward"

    play(artifacts, flow)


def test_arrow_keeps_a_column_s_zone(artifacts: Path) -> None:
    """Days of a column in Berlin begin at its midnights."""
    instants = [1711753200 + day * 86_400 - (3600 if day > 1 else 0) for day in range(5)]
    column = (
        pa.array(instants, pa.int64()).cast(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("s", tz="Europe/Berlin"))
    )
    body = arrow_bytes(pa.table({"timestamp": column, "target": [1.0, 2.0, 3.0, 4.0, 5.0]}))

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        answer = await client.post("/forecast?horizon=2", content=body, headers={"content-type": ARROW})
        assert answer.status_code == 200, answer.text
        reply = pa.ipc.open_stream(answer.content).read_all()
        assert str(reply.schema.field("timestamp").type) == "timestamp[s, tz=Europe/Berlin]"
        assert reply["timestamp"].to_pylist()[0].isoformat() == "2024-04-04T00:00:00+02:00"

    play(artifacts, flow)


def test_the_query_of_a_table_says_how_its_times_are_read(artifacts: Path) -> None:
    """A table has nowhere else to say it."""
    days = "\n".join(f"{day:02d}/03/2024,{day % 5}" for day in range(1, 13))
    rows = ("timestamp,target\n" + days).encode()

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        async def first(query: str, **headers: str) -> httpx.Response:
            return await client.post(f"/forecast?horizon=2&{query}", content=rows, headers={
                "content-type": "text/csv", "accept": "application/json", **headers
            })  # fmt: skip

        refused = await first("")
        assert refused.status_code == 422 and "dayfirst" in refused.text
        read = (await first("dayfirst=true&timezone=Europe/Berlin")).json()["forecasts"][0]
        assert (read["start"], read["freq"]) == ("2024-03-13T00:00:00+01:00", "1d")
        read = (await first("dayfirst=false&freq=MS")).json()["forecasts"][0]
        assert (read["start"], read["freq"]) == ("2025-01-03T00:00:00Z", "1mo")
        assert read["warnings"][0]["code"] == "freq_anchor"
        for query in ("timezone=Mars", "dayfirst=perhaps", "timestamp_unit=ns"):
            assert (await first(query)).status_code == 422

    play(artifacts, flow)


def test_times_come_back_in_the_zone_that_they_came_in(artifacts: Path) -> None:
    """Hours are the same hours; only how they are written follows the request."""

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        cases = {
            "2024-03-31T00:00:00Z": ("2024-03-31T02:00:00Z", None),
            "2024-03-31T05:30:00+05:30": ("2024-03-31T07:30:00+05:30", None),
            "2024-03-30T23:00:00-01:00": ("2024-03-31T04:00:00+02:00", "Europe/Berlin"),
        }
        means = []
        for start, (following, zone) in cases.items():
            body = {"series": [{"target": [1.0, 2.0], "start": start, "freq": "1h"}], "horizon": 2}
            answer = await client.post("/forecast", json=body | ({"timezone": zone} if zone else {}))
            (forecast,) = answer.json()["forecasts"]
            means.append(forecast["mean"])
            assert forecast["start"] == following
        assert means[0] == means[1] == means[2]
        paths = {"series": [{"target": [1.0, 2.0], "start": "2024-03-30", "freq": "1d"}], "timezone": "Europe/Berlin"}
        answer = await client.post("/generate", json=paths | {"horizon": 2, "num_samples": 2, "seed": 1})
        assert answer.json()["paths"][0]["start"] == "2024-04-01T00:00:00+02:00"

    play(artifacts, flow)


def test_a_session_knows_the_freq_that_a_chunk_does_not_show(artifacts: Path) -> None:
    """Two values with a day between them are no series of every other day."""

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        async def send(*days: str) -> httpx.Response:
            series = {"target": [1.0] * len(days), "timestamps": list(days), "session": "s"}
            return await client.post("/forecast", json={"series": [series], "horizon": 2})

        assert "freq" in (await send("2026-01-01")).json()["detail"]
        assert (await send("2026-01-01", "2026-01-02", "2026-01-03")).status_code == 200
        for days, start in ((("2026-01-05", "2026-01-07"), "2026-01-08"), (("2026-01-08",), "2026-01-09"),
                            (("2026-01-09", "2026-01-11", "2026-01-14"), "2026-01-15")):  # fmt: skip
            answer = await send(*days)
            assert answer.status_code == 200, answer.text
            assert answer.json()["forecasts"][0]["start"] == f"{start}T00:00:00Z"
        assert (await send("2026-01-16T06:00:00Z", "2026-01-17T06:00:00Z")).status_code == 409
        counted = {"target": [1.0, 2.0], "from_index": 0, "session": "counted"}
        assert (await client.post("/forecast", json={"series": [counted], "horizon": 2})).status_code == 200
        series = {"target": [1.0], "timestamps": ["2026-01-01"], "session": "counted"}
        assert (await client.post("/forecast", json={"series": [series]})).status_code == 409

    play(artifacts, flow)
