"""Forecasts over HTTP stay inside of what can be: requested, noticed by the fit, or shown by the series itself."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from fastapi import FastAPI

from service.codecs.table_warnings import HEADER
from service.models.value_bounds import CODE
from statecast.artifacts.saving import save
from tests.builders import tiny_family_artifact, tiny_network
from tests.service.streaming.scenes import Count, at, lane_of, post, serve

COUNTS = np.random.default_rng(3).poisson(0.4, 90).astype(float)
DEVIATIONS = np.random.default_rng(4).normal(size=90)


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("family")
    tiny_family_artifact(folder)
    return folder


def part(values: np.ndarray, begin: int = 0, end: int = 90, **fields: Any) -> dict[str, Any]:
    return {"start": at(begin), "freq": "1h", "target": values[begin:end].tolist(), **fields}


def numbers(forecast: dict[str, Any]) -> np.ndarray:
    return np.array([forecast["mean"], *forecast["quantiles"].values()])


def codes(forecast: dict[str, Any]) -> list[str]:
    return [one["code"] for one in forecast["warnings"]]


@pytest.mark.parametrize(
    "bounds", [{"lower": -0.2}, {"lower": -0.2, "upper": None}, {"lower": 0, "upper": 0.3}, {"upper": -1e3}]
)
@pytest.mark.parametrize("streams", [False, True])
def test_requested_bounds_hold(folder: Path, bounds: dict[str, float | None], streams: bool) -> None:
    """Mean and quantiles stay inside and in order, of a history and of a session; what lies inside is not touched."""
    lower, upper = bounds.get("lower"), bounds.get("upper")

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane_of(app)._takes = streams
        await post(client, part(DEVIATIONS, 0, 89, session="s"))
        plain = await post(client, part(DEVIATIONS), bounds={})
        kept = await post(client, part(DEVIATIONS), part(DEVIATIONS, 89, session="s"), bounds=bounds)
        wanted = np.clip(numbers(plain["forecasts"][0]), lower, upper)
        for forecast in kept["forecasts"]:
            np.testing.assert_allclose(numbers(forecast), wanted, atol=1e-3)
            assert (np.diff(numbers(forecast)[1:], axis=0) >= 0).all()
            assert CODE not in codes(forecast), "who requests it knows"

    serve(folder, scene)


def test_a_series_that_never_goes_below_zero_is_kept_there(family: Path) -> None:
    """The default model forecast fewer than no items; over HTTP as in the library, with the same words."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        artifact = app.state.container.services.catalogue.default.artifact
        for values, noticed in ((COUNTS, True), (COUNTS + 1e3, False), (DEVIATIONS, False)):
            (found,) = (await post(client, part(values)))["forecasts"]
            own = artifact.forecast(values, 4, start=at(0), freq="1h")
            np.testing.assert_allclose(found["mean"], own.mean, atol=1e-4)
            assert [one["detail"] for one in found["warnings"] if one["code"] == CODE] == list(own.notes)
            assert (CODE in codes(found)) == noticed
            (plain,) = (await post(client, part(values), bounds={}))["forecasts"]
            assert (numbers(plain) != numbers(found)).any() == noticed and CODE not in codes(plain)

    serve(family, scene)


@pytest.mark.parametrize("streams", [False, True])
def test_a_session_decides_as_the_whole_history_does(family: Path, streams: bool, tmp_path: Path) -> None:
    """What decides is all that was observed, not what is kept of it: one value below 0, long ago, two crashes ago."""
    never = np.random.default_rng(5).poisson(0.4, 700).astype(float)
    below = never.copy()
    below[1] = -1.0
    url = f"sqlite:///{tmp_path}/s.db"

    async def opened(client: httpx.AsyncClient, app: FastAPI) -> None:
        count = crash(app, streams)
        for step in range(4):
            for name, values in (("never", never), ("below", below)):
                await post(client, part(values, step, step + 1, session=name, **({} if step else {"season": 24})))
        assert count.taken == 6 * streams

    async def going_on(begin: int, end: int, client: httpx.AsyncClient, app: FastAPI) -> None:
        count = crash(app, streams)
        for name, values in (("never", never), ("below", below)):
            await post(client, part(values, begin, end, session=name))
            (found,) = (await post(client, part(values, end, end + 1, session=name)))["forecasts"]
            (whole,) = (await post(client, part(values, 0, end + 1, season=24)))["forecasts"]
            np.testing.assert_allclose(numbers(found), numbers(whole), atol=1e-3)
            assert codes(found) == codes(whole)
            assert (CODE in codes(found)) == (numbers(found) >= 0).all() == (name == "never")
        assert count.taken == 2 * streams

    serve(family, opened, state_url=url)
    serve(family, partial(going_on, 4, 300), state_url=url)
    serve(family, partial(going_on, 301, 600), state_url=url)


def crash(app: FastAPI, streams: bool) -> Count:
    """Let a service end without putting what lies in the journal; counts what is streamed."""

    async def nothing(until: float) -> None:
        del until

    lane = lane_of(app)
    lane._takes, lane.stop = streams, nothing
    return Count(lane)


@pytest.mark.parametrize("streams", [False, True])
def test_what_the_fit_noticed_holds(tmp_path: Path, streams: bool) -> None:
    """A model of counts knows it, even where the request does not show it; a client who knows better says so."""
    manifest = {"name": "counts", "version": "1", "bounds": {"lower": 0.0, "upper": None}}
    save(tmp_path / "counts-1", tiny_network(calendar=()), manifest)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane_of(app)._takes = streams
        await post(client, part(DEVIATIONS, 0, 89, session="s"))
        (found,) = (await post(client, part(DEVIATIONS, 89, session="s")))["forecasts"]
        own = app.state.container.services.catalogue.default.artifact.forecast(DEVIATIONS, 4, start=at(0), freq="1h")
        np.testing.assert_allclose(found["mean"], own.mean, atol=1e-3)
        assert (numbers(found) >= 0).all()
        assert [one["detail"] for one in found["warnings"] if one["code"] == CODE] == list(own.notes) != []
        (plain,) = (await post(client, part(DEVIATIONS), bounds={}))["forecasts"]
        assert (numbers(plain) < 0).any()

    serve(tmp_path, scene)


def test_tables_say_so_too(family: Path) -> None:
    """CSV and Arrow: bounds in the query, and a warning in the header where nobody requested them."""
    lines = [f"a,{at(step)},{value:g}" for step, value in enumerate(COUNTS)]
    body = "\n".join(["item_id,timestamp,target", *lines])

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        del app
        for accept in ("text/csv", "application/vnd.apache.arrow.stream"):
            headers = {"content-type": "text/csv", "accept": accept}
            for bounds, least in (None, 0.0), ({"lower": 0.25}, 0.25), ({}, -np.inf):
                query = {"horizon": 4} | ({} if bounds is None else {"bounds": json.dumps(bounds)})
                found = await client.post("/forecast", params=query, content=body, headers=headers)
                assert found.status_code == 200, found.text
                read = (
                    pa.csv.read_csv(pa.py_buffer(found.content))
                    if accept == "text/csv"
                    else pa.ipc.open_stream(found.content).read_all()
                )
                values = np.array([read[name].to_numpy() for name in ("mean", "0.1", "0.5", "0.9")])
                assert (values >= least).all() and ((values < 0.25).any() or least == 0.25)
                assert (CODE in found.headers.get(HEADER, "")) == (bounds is None)
                assert accept == "text/csv" or (CODE in str(read.schema.metadata)) == (bounds is None)

    serve(family, scene)


def test_paths_stay_inside(family: Path) -> None:
    """No scenario sells fewer than no items; quantiles of paths are in order."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        del app
        for bounds, least in ((None, 0.0), ({"lower": 0.25, "upper": 9}, 0.25), ({}, -np.inf)):
            body = {"series": [part(COUNTS), part(DEVIATIONS)], "horizon": 4, "num_samples": 30, "seed": 7}
            answer = await client.post("/generate", json=body | ({} if bounds is None else {"bounds": bounds}))
            assert answer.status_code == 200, answer.text
            counts, deviations = answer.json()["paths"]
            assert (np.array(counts["samples"]) >= least).all()
            assert (np.diff(list(counts["quantiles"].values()), axis=0) >= 0).all()
            assert (CODE in codes(counts)) == (bounds is None) and CODE not in codes(deviations)
            assert (np.array(deviations["samples"]) < 0).any() == (bounds != {"lower": 0.25, "upper": 9})

    serve(family, scene)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"lower": 2, "upper": 1}, "lower below upper"),
        ({"least": 0}, "known are lower, upper"),
        ({"lower": "0"}, "a number or null for lower"),
        ({"lower": True}, "a number or null for lower"),
        ({"upper": 1e39}, "fits float32"),
        ([0, 1], "an object such as"),
        (0, "an object such as"),
    ],
)
def test_what_is_no_bound_is_refused(family: Path, bounds: Any, words: str) -> None:
    """As a body, in the query, and for paths: 422 that names the field."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        del app
        body = {"series": [part(COUNTS)], "horizon": 4}
        query = {"bounds": json.dumps(bounds)}
        for answer in (
            await client.post("/forecast", json=body | {"bounds": bounds}),
            await client.post("/forecast", json=body, params=query),
            await client.post("/generate", json=body | {"bounds": bounds}),
        ):
            assert answer.status_code == 422, answer.text
            (fault,) = answer.json()["errors"]
            assert fault["loc"][0] == "bounds" and words in fault["msg"], answer.text

    serve(family, scene)
