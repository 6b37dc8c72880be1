"""What a server says of one series as the library has it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.api.history import Placement
from statecast.api.series_anomalies import SeriesAnomalies
from statecast.api.series_backtest import SeriesBacktest
from statecast.api.series_explanation import SeriesExplanation
from statecast.api.series_forecast import SeriesForecast
from statecast.backtest.cutoffs import Cutoffs
from statecast.client.numbers import to_numbers
from statecast.client.series import SentSeries
from statecast.metrics.mase import seasonal_error
from statecast.uncertainty.bounds import Bounds

Reply = Mapping[str, Any]


def read_forecast(reply: Reply, sent: SentSeries, bounds: Bounds) -> SeriesForecast:
    """Read one series' forecast.

    Parameters
    ----------
    reply : mapping
        Its object in the reply of ``POST /forecast``.
    sent : SentSeries
        What it is the answer to.
    bounds : Bounds
        What was requested.

    Returns
    -------
    SeriesForecast
        As the library gives it.
    """
    mean = to_numbers(reply["mean"])
    instants, texts = sent.times_ahead(reply["start"], reply["freq"], len(mean))
    notes = tuple(str(one["detail"]) for one in reply["warnings"])
    read = reply["session"]["count"] if reply["session"] else sent.place(reply["freq"]).span
    return SeriesForecast(mean, _quantiles(reply), instants, texts, bounds, notes, read)


def read_backtest(reply: Reply, sent: SentSeries, horizon: int, step: int, season: int) -> SeriesBacktest:
    """Read one series' backtest.

    Parameters
    ----------
    reply : mapping
        Its object in the reply of ``POST /backtest``, with forecasts of the median among others.
    sent : SentSeries
        What it is the answer to.
    horizon, step : int
        Steps ahead, and from one cut-off to the next.
    season : int
        Steps per season of the model.

    Returns
    -------
    SeriesBacktest
        As the library gives it; all quantiles that came.
    """
    forecasts, placed = reply["forecasts"], sent.place(reply["freq"])
    values = _values(sent, placed)
    read = Cutoffs(len(forecasts), step, horizon).read(len(values))
    ahead = read[:, None] + np.arange(horizon)
    quantiles = [_quantiles(one) for one in forecasts]
    by_level = {level: np.stack([one[level] for one in quantiles]) for level in quantiles[0]}
    return SeriesBacktest(
        read=read,
        actual=values[ahead],
        mean=to_numbers([one["mean"] for one in forecasts]),
        median=by_level[0.5],
        quantiles=by_level,
        seasonal_error=np.array([seasonal_error(values[:known], season) for known in read.tolist()]),
        last=values[read - 1],
        times=_instants(placed, ahead),
        cutoffs=_instants(placed, read - 1),
    )


def read_anomalies(reply: Reply, sent: SentSeries) -> SeriesAnomalies:
    """Read how surprising one series is.

    Parameters
    ----------
    reply : mapping
        Its object in the reply of ``POST /anomalies``, which begins with the first observed value.
    sent : SentSeries
        What it is the answer to.

    Returns
    -------
    SeriesAnomalies
        As the library gives it.
    """
    placed = sent.place(reply["freq"])
    values = _values(sent, placed)
    before = np.full(len(values) - len(reply["expected"]), np.nan)
    interval = reply["interval"]
    expected, lower, upper, surprise = (
        np.concatenate([before, to_numbers(one)])
        for one in (reply["expected"], interval["lower"], interval["upper"], reply["surprise"])
    )
    flag = np.array([False] * len(before) + [bool(one) for one in reply["flag"]], dtype=bool)
    return SeriesAnomalies(values, expected, lower, upper, surprise, flag, _instants(placed, np.arange(len(values))))


def read_explanation(reply: Reply, sent: SentSeries) -> SeriesExplanation:  # noqa: ARG001
    """Read what a forecast was made of.

    Parameters
    ----------
    reply : mapping
        Its object in the reply of ``POST /forecast``, with baseline and attention.
    sent : SentSeries
        What it is the answer to.

    Returns
    -------
    SeriesExplanation
        As the library gives it.
    """
    attention = dict(reply["attention"])
    naive, time, features = (attention.pop(name, {}) for name in ("experts", "time", "features"))
    return SeriesExplanation(
        mean=to_numbers(reply["mean"]),
        baseline=to_numbers(reply["baseline"]["mean"]),
        resolutions={name: to_numbers(own) for name, own in attention.items()},
        naive_forecasts={name: to_numbers(own) for name, own in naive.items()},
        time=time,
        features=features,
    )


def _quantiles(reply: Reply) -> dict[float, NDArray[np.float64]]:
    return {float(level): to_numbers(values) for level, values in reply["quantiles"].items()}


def _values(sent: SentSeries, placed: Placement) -> NDArray[np.float64]:
    return np.asarray(placed.spread(to_numbers(sent.fields["target"])), dtype=np.float64)


def _instants(placed: Placement, steps: NDArray[np.int64]) -> NDArray[np.datetime64] | None:
    if placed.axis is None:
        return None
    return placed.axis.instants(placed.first + steps.ravel()).reshape(steps.shape)
