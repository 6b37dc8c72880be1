"""Replies are written over a whole request at once; each series' numbers are its own all the same.

Rows that slip by one between series would give every client somebody else's forecast, in perfect form.
"""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from service.errors import ServiceError, Unprocessable
from service.http.body import ARROW, CSV, JSON
from service.models.model import Model
from service.protocols.forecast.encoder import ForecastEncoder
from service.protocols.forecast.schemas import ForecastReply, ForecastRequest
from service.protocols.forecast.series import SeriesRequest
from service.scheduling.forecast_result import ForecastResult
from service.serving.series_answer import SeriesAnswer
from statecast.uncertainty.quantile_levels import quantiles_at

TRAINED, LEVELS, HORIZON = (0.1, 0.5, 0.9), (0.02, 0.2, 0.5), 3
VARIABLES = (("",), ("a", "b"), ("",), ("x", "y", "z"), ("",))


@dataclass(frozen=True)
class Shape:
    """What a reply reads of a model's config."""

    quantile_levels: tuple[float, ...] = TRAINED


@dataclass(frozen=True)
class Named:
    """What a reply reads of a model."""

    name: str = "tiny"
    version: str = "1"
    digest: str = "sha256:0"
    config: Shape = Shape()
    tail_exponents: ClassVar[tuple[float, float]] = (1.2, 1.5)
    identity = Model.identity

    def member(self, season: int | None) -> "Named":
        return self


def result(rows: int, seed: int) -> ForecastResult:
    drawn = np.random.default_rng(seed)
    quantiles = np.sort(drawn.normal(50, 5, (rows, HORIZON + 2, len(TRAINED))), axis=2)
    mean = quantiles.mean(axis=2)
    kept, seasonal_error = np.zeros((rows, 2), np.float32), np.ones(rows)
    return ForecastResult(quantiles, mean, mean, seasonal_error, np.ones(rows, dtype=np.bool_), kept)


def scene() -> tuple[ForecastEncoder, list[SeriesAnswer | ServiceError]]:
    """Five series out of two batches whose rows lie in another order, one of which failed."""
    first, second = result(6, 1), result(4, 2)
    answers: list[SeriesAnswer | ServiceError] = [
        SeriesAnswer(second, slice(3, 4), 10, freq="1h"),
        SeriesAnswer(first, slice(4, 6), 20, freq="1d", zone="Europe/Berlin"),
        Unprocessable("target: too bad", code="all_missing"),
        SeriesAnswer(second, slice(0, 3), 30),
        SeriesAnswer(first, slice(0, 1), 40, freq="1h"),
    ]
    series = [
        SeriesRequest(item_id=f"s{place}", target={name: np.zeros(1, np.float32) for name in names})
        for place, names in enumerate(VARIABLES)
    ]
    return ForecastEncoder(ForecastRequest(series=series), Named(), HORIZON, LEVELS, "rq"), answers  # type: ignore[arg-type]


def test_every_series_gets_its_own_numbers_in_the_declared_shape() -> None:
    encoder, answers = scene()
    reply = json.loads(encoder.encode(answers, JSON)[0])
    ForecastReply.model_validate(reply)
    assert [one["item_id"] for one in reply["forecasts"]] == ["s0", "s1", "s2", "s3", "s4"]
    for names, answer, forecast in zip(VARIABLES, answers, reply["forecasts"], strict=True):
        if isinstance(answer, ServiceError):
            assert forecast["error"]["code"] == "all_missing" and forecast["mean"] is None
            continue
        expected = quantiles_at(answer.quantiles[:, :HORIZON], TRAINED, LEVELS, Named.tail_exponents)
        for row, name in enumerate(names):
            mean = forecast["mean"] if name == "" else forecast["mean"][name]
            np.testing.assert_array_equal(mean, answer.mean[row, :HORIZON])
            for place, level in enumerate(map(repr, LEVELS)):
                quantiles = forecast["quantiles"][level]
                np.testing.assert_array_equal(quantiles if name == "" else quantiles[name], expected[row, :, place])
    starts = [one["start"] for one in reply["forecasts"]]
    assert starts == ["1970-01-01T10:00:00Z", "1970-01-21T00:00:00+01:00", None, None, "1970-01-02T16:00:00Z"]


@pytest.mark.parametrize("kind", [ARROW, CSV])
def test_a_table_has_the_numbers_of_the_json(kind: str) -> None:
    encoder, answers = scene()
    forecasts = json.loads(encoder.encode(answers, JSON)[0])["forecasts"]
    body, _ = encoder.encode(answers, kind)
    table = pa.ipc.open_stream(body).read_all() if kind == ARROW else pa.csv.read_csv(pa.py_buffer(body))
    rows = table.to_pylist()
    assert len(rows) == HORIZON * 7 + 1
    for names, forecast in zip(VARIABLES, forecasts, strict=True):
        own = [row for row in rows if row["item_id"] == forecast["item_id"]]
        if forecast["error"]:
            assert len(own) == 1 and own[0]["error"].startswith("all_missing") and own[0]["mean"] is None
            continue
        for place, name in enumerate(names):
            mean = forecast["mean"] if name == "" else forecast["mean"][name]
            part = own[place * HORIZON : (place + 1) * HORIZON]
            assert [row["mean"] for row in part] == mean
            assert [row["timestamp"] is None for row in part] == [forecast["start"] is None] * HORIZON


def test_a_request_of_which_one_series_answers() -> None:
    encoder, answers = scene()
    alone = [one if place == 3 else Unprocessable("no") for place, one in enumerate(answers)]
    reply = json.loads(encoder.encode(alone, JSON)[0])
    assert [one["error"] is None for one in reply["forecasts"]] == [False, False, False, True, False]
