"""Whatever is sent to the default model: a finite, ordered forecast and what to know of it, or a helpful refusal."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.requests import ask, check_table, play, post

START = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(folder)
    tiny_artifact(folder, "another")
    return folder


ODD: dict[str, tuple[dict[str, Any], str | None]] = {
    "three points": ({"target": [1, 2, 3]}, "short_history"),
    "one point": ({"target": [3]}, "short_history"),
    "all zeros": ({"target": [0] * 50}, "constant_history"),
    "a season longer than the history": ({"target": [1, 2, 4, 3], "season": 24}, "short_history"),
    "tiny": ({"target": [1e-12 * x for x in range(40)]}, None),
    "huge": ({"target": [1e12 * x for x in range(40)]}, None),
    "huge and tiny": ({"target": [1e12, 1e-12] * 20}, None),
    "binary": ({"target": [0, 1] * 30}, None),
    "nulls after the first": ({"target": [5] + [None] * 30}, "constant_history"),
    "two variables, one constant": ({"target": [7] * 60, "season": 7}, "constant_history"),
    "ten thousand steps of history": ({"target": [float(x % 24) for x in range(10_000)]}, None),
}


def test_whatever_comes_the_forecast_is_finite_and_ordered(artifacts: Path) -> None:
    """The first thing that anyone tries is three numbers, or zeros."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        for horizon in (1, 60):
            found = await ask(client, *(series for series, _ in ODD.values()), horizon=horizon)
            for name, one in zip(ODD, found, strict=True):
                assert one["error"] is None, (name, one["error"])
                check_table(one)
                warning, came = ODD[name][1], [told["code"] for told in one["warnings"]]
                assert warning is None or warning in came, (name, came)

    play(artifacts, flow)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "season 0": ({"season": 0}, {}, ("series[0].season", "whole number from 1", "0")),
    "season 513": ({"season": 513}, {}, ("series[0].season", "1 to 512", "513", "leave it out")),
    "season x": ({"season": "x"}, {}, ("series[0].season", "whole number from 1", "'x'")),
    "season 1.5": ({"season": 1.5}, {}, ("series[0].season", "1.5")),
    "all nulls": ({"target": [None, None]}, {}, ("target", "not null", "none")),
    "too far ahead": ({}, {"horizon": 10_000}, ("horizon", "at most 1024", "10000", "fewer")),
    "two steps of three": ({"future_covariates": {"wind": [1, 2]}}, {"horizon": 3}, ("wind", "expected 3 values")),
    "covariates of nothing": (
        {"target": {}, "future_covariates": {"wind": [1, 2, 3]}}, {"horizon": 3}, ("target", "at least one"),
    ),
    "200 covariates": (
        {"future_covariates": {str(number): [1, 2, 3] for number in range(200)}}, {"horizon": 3}, ("at most", "200"),
    ),
    "a season of its own": ({"season": 7}, {"model": "another"}, ("season", "another@1", "4 steps", "7", "leave")),
    "a start without freq": ({"start": START}, {}, ("freq", "such as 1h")),
}  # fmt: skip


def test_refusals_name_field_expectation_finding_and_mend(artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name, (series, fields, words) in REFUSED.items():
            answer = await post(client, {"target": [1.0, 2.0, 3.0], **series}, **fields)
            assert answer.status_code == 422, name
            for word in words:
                assert word in answer.json()["detail"], (name, word, answer.json()["detail"])
        query = await client.post("/forecast?season=x", json={"series": [{"target": [1.0]}]})
        assert query.status_code == 422 and query.json()["detail"].startswith("season: expected a whole number from 1")
        assert (await client.get("/live")).status_code == 200

    play(artifacts, flow)
