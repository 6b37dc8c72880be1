"""Tables that people really have are right by command line, HTTP and library, and refused alike where they are wrong.

Without this each way in has its own idea of a file, and which one is right depends on who asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pandas as pd
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

import statecast
from statecast.errors import InputError
from tests.service.requests import play
from training.cli.main import app

DEFAULT = Path(__file__).parents[3] / "artifacts" / "default"
SHARED = Path(__file__).parents[4] / "shared" / "cases"
DAYS = [str(day)[:10] for day in pd.date_range("2024-01-01", periods=28)]


def lines(header: str, *rows: str) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def dated(header: str, times: list[str], values: Callable[[int], str] = lambda step: str(10 + step % 7)) -> bytes:
    return lines(header, *(f"{when},{values(step)}" for step, when in enumerate(times)))


def stamps(freq: str, count: int, first: str) -> list[str]:
    return [str(when)[:10] for when in pd.date_range(first, periods=count, freq=freq)]


@dataclass(frozen=True)
class Table:
    """A table of one kind, made here so that it holds where the shared ones are not."""

    body: bytes
    following: tuple[str, ...] = ()
    """First times of the forecast."""
    items: tuple[str | None, ...] = (None,)
    said: str = ""
    """What a warning names."""
    refusal: tuple[str, ...] = ()


def quarter_hours() -> list[str]:
    times = pd.date_range("2024-01-01", periods=200, freq="15min").strftime("%Y-%m-%dT%H:%M:%SZ").tolist()
    times[100] = times[100].replace(":00:00Z", ":01:00Z")
    return times


def two(first: str, second: str) -> bytes:
    rows = (f"{name},{day},{n}" for name in (first, second) for n, day in enumerate(DAYS[:19]))
    return lines("item_id,timestamp,target", *rows)


BERLIN = [str(day).replace(" ", "T") for day in pd.date_range("2024-03-20", periods=40, tz="Europe/Berlin")]
SKUS = [f"sku{n}" for n in range(3)]
NEXT = ("2024-01-29T00:00:00Z", "2024-01-30T00:00:00Z")
TABLES = {
    "m_end": Table(
        dated("timestamp,target", stamps("ME", 48, "2017-01-31")), ("2021-01-31T00:00:00Z", "2021-02-28T00:00:00Z")
    ),
    "q_end": Table(
        dated("timestamp,target", stamps("QE", 24, "2017-03-31")), ("2023-03-31T00:00:00Z", "2023-06-30T00:00:00Z")
    ),
    "one_off_min": Table(dated("timestamp,target", quarter_hours()), refusal=("2024-01-02T01:00", "100", "15min")),
    "dst_daily": Table(dated("timestamp,target", BERLIN), ("2024-04-29T00:00:00+02:00",)),
    "dayfirst_dot_month": Table(
        dated("timestamp,target", [f"01.{m:02d}.{y}" for y in (2021, 2022, 2023) for m in range(1, 13)]),
        ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"),
    ),
    "either order": Table(
        dated("timestamp,target", ["01/02/2024", "03/04/2024", "05/07/2024"]),
        refusal=("2024-02-01", "2024-01-02", "dayfirst"),
    ),
    "int_yyyymmdd": Table(
        dated("timestamp,target", [day.replace("-", "") for day in stamps("D", 400, "2023-01-01")]),
        ("2024-02-05T00:00:00Z",),
    ),
    "ragged_counter": Table(dated("timestamp,target", DAYS, lambda n: f"{n},2"), refusal=("line 2", "2 fields", "3")),
    "index_col_wide": Table(
        lines(",timestamp,north,south", *(f"{n},{day},{n}.5,{2 * n}" for n, day in enumerate(DAYS))),
        NEXT,
        ("north", "south"),
        "index",
    ),
    "ids_leading_zero": Table(two("007", "010"), ("2024-01-20T00:00:00Z",), ("007", "010")),
    "ids_NA": Table(two("NA", "NC"), ("2024-01-20T00:00:00Z",), ("NA", "NC")),
    "semi_deccomma": Table(
        lines("timestamp;target", *(f"{day};{1000 * n},5" for n, day in enumerate(DAYS))),
        NEXT,
        said="comma before decimals",
    ),
    "dead_skus": Table(
        lines(
            "item_id,timestamp,target",
            *(f"{name},{day},{(name != 'sku1') * (20 + n % 7)}" for name in SKUS for n, day in enumerate(DAYS)),
        ),
        NEXT,
        tuple(SKUS),
    ),
    "cov_bool_http": Table(
        lines(
            "item_id,timestamp,target,promo",
            *(f"a,{day},{20 + n % 7 if n < 21 else ''},{n % 3 == 0}" for n, day in enumerate(DAYS)),
        ),
        ("2024-01-22T00:00:00Z",),
        ("a",),
        "'promo'",
    ),
    "names of Nixtla": Table(lines("unique_id,ds,y", *(f"a,{day},{n}" for n, day in enumerate(DAYS))), NEXT, ("a",)),
    "Month, Passengers": Table(
        dated("Month,Passengers", [d[:7] for d in stamps("MS", 36, "1949-01-01")]), ("1952-01-01T00:00:00Z",)
    ),
    "UTF-16": Table(dated("ds,y", DAYS).decode().encode("utf-16"), NEXT, said="UTF-16"),
    "a footer": Table(dated("ds,y", [*DAYS, "Total"]), refusal=("line 30", "Total")),
    "mostly missing": Table(
        dated("ds,y", [*DAYS[:3], "2024-01-27", "2024-02-17", "2024-03-01"]),
        ("2024-03-02T00:00:00Z",),
        said="55 of 61 steps of 1d",
    ),
}


OTHERS = {
    "dead_skus": (("2023-07-20T00:00:00Z", "2023-07-21T00:00:00Z"), tuple(f"sku{n}" for n in range(6))),
    "cov_bool_http": (("2023-10-28T00:00:00Z", "2023-10-29T00:00:00Z"), ("003", "A/1", "Ä 2")),
}
"""First times and items of shared tables that are larger than those made here."""


def shared(name: str) -> Table:
    following, items = OTHERS.get(name, (TABLES[name].following, TABLES[name].items))
    return replace(TABLES[name], body=(SHARED / f"{name}.csv").read_bytes(), following=following, items=items)


def both(name: str) -> list[Table]:
    return [TABLES[name], *([shared(name)] if (SHARED / f"{name}.csv").is_file() else [])]


def times_of(frame: pd.DataFrame) -> list[str]:
    first = frame[frame["item_id"].astype(str) == str(frame["item_id"].iloc[0])]
    return first["timestamp"].astype(str).tolist()


@pytest.mark.parametrize("name", TABLES)
def test_by_command(tmp_path: Path, name: str) -> None:
    for case in both(name):
        data, out = tmp_path / "rows.csv", tmp_path / "forecast.csv"
        data.write_bytes(case.body)
        command = ["forecast", str(DEFAULT), "--data", str(data), "--horizon", "2", "--out", str(out)]
        result = CliRunner().invoke(app, command)
        said = " ".join((result.output + result.stderr).split())
        if case.refusal:
            assert result.exit_code == 2 and all(word in said for word in case.refusal), said
            continue
        assert result.exit_code == 0, said
        assert case.said in said and "% missing" in said
        written = pd.read_csv(out, dtype={"item_id": str}, keep_default_na=False)
        assert tuple(dict.fromkeys(written["item_id"])) == tuple(name or "target" for name in case.items)
        assert times_of(written)[: len(case.following)] == list(case.following)


@pytest.mark.parametrize("name", TABLES)
def test_by_http_as_by_command(tmp_path: Path, name: str) -> None:
    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        for case in both(name):
            for accept in ("application/json", "text/csv"):
                kind = {"content-type": "text/csv", "accept": accept}
                answer = await client.post("/forecast?horizon=2", content=case.body, headers=kind)
                if case.refusal:
                    assert 400 <= answer.status_code < 500, answer.text
                    assert all(word in answer.json()["detail"] for word in case.refusal), answer.text
                    continue
                assert answer.status_code == 200, answer.text
                if accept == "text/csv":
                    assert case.said in answer.headers.get("statecast-warnings", "")
                    continue
                found = answer.json()["forecasts"]
                assert tuple(one["item_id"] for one in found) == case.items
                assert all(one["start"] == case.following[0] for one in found)
                assert case.said in str(found[0]["warnings"])

    play(DEFAULT.parent, flow, default_model="default")


@pytest.mark.parametrize("name", TABLES)
def test_by_library_as_by_command(tmp_path: Path, name: str) -> None:
    artifact = statecast.load(DEFAULT)
    for case in both(name):
        data = tmp_path / "rows.csv"
        data.write_bytes(case.body)
        if case.refusal:
            with pytest.raises(InputError) as refused:
                artifact.forecast(data, 2)
            assert all(word in str(refused.value) for word in case.refusal)
            continue
        found = artifact.forecast(data, 2)
        assert tuple(found.forecasts) == case.items
        assert all(one.timestamps[: len(case.following)] == list(case.following) for one in found.forecasts.values())
        assert case.said in str(found.notes)
