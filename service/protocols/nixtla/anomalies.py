"""``/v2/anomaly_detection`` and ``/v2/online_anomaly_detection``: values outside of the forecasts made for them."""

from collections.abc import Sequence
from math import isnan, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from service.backtests.collected import Forecasts, Surprises
from service.backtests.prepared import PreparedSeries
from service.backtests.service import Cuts, Hindcast
from service.codecs.schema import Schema
from service.models.work_limits import horizon_of
from service.protocols.anomalies.encoder import columns_of
from service.protocols.nixtla.cross_validation import EVERY_VALUE, hindcasts, positions, unsettled
from service.protocols.nixtla.forecast import NOTHING
from service.protocols.nixtla.intervals import Doubles, names_of
from service.protocols.nixtla.requests import NixtlaAnomalies, NixtlaOnlineAnomalies
from service.protocols.nixtla.task import Task, TaskContext, whole
from service.threads import DECODING
from statecast.uncertainty.surprise import quantile_at, surprise

_NORMAL = NormalDist()


class AnomaliesTask(Task[NixtlaAnomalies]):
    """Every value past the first season against the forecast made one step before it; as ``POST /anomalies``."""

    shape = Schema(NixtlaAnomalies, lambda: NixtlaAnomalies(series=NOTHING))

    async def run(self, request: NixtlaAnomalies, context: TaskContext) -> dict[str, Any]:
        """See ``Task.run``."""
        model, level = self.model(request, context), request.level
        native, inputs = await self.inputs(request, model, context)

        def collect(series: Sequence[PreparedSeries]) -> Surprises:
            return Surprises(series, level)

        found = whole(await context.backtests.run(model, inputs, EVERY_VALUE, collect, context.deadline))
        parts = [np.ascontiguousarray(columns_of(one)[:, 0, 1 + unsettled(one) :]) for one in found]
        mean, low, high, _, flags = np.concatenate(parts, axis=1)
        answer = {
            "mean": mean,
            "sizes": [part.shape[1] for part in parts],
            "intervals": dict(zip(names_of(level), (low, high), strict=True)),
            "anomaly": flags > 0,
        }
        return self.document(request, model, native, [one.series.warnings for one in found], answer)


class OnlineAnomaliesTask(Task[NixtlaOnlineAnomalies]):
    """The last values of each series against forecasts made up to ``h`` steps before them."""

    shape = Schema(NixtlaOnlineAnomalies, lambda: NixtlaOnlineAnomalies(series=NOTHING, h=1, detection_size=1))

    async def run(self, request: NixtlaOnlineAnomalies, context: TaskContext) -> dict[str, Any]:
        """See ``Task.run``."""
        model = self.model(request, context)
        horizon, last = horizon_of(request.h, model, "h"), request.detection_size
        step = min(request.step_size or horizon, horizon)
        windows = 1 + -(-max(0, last - horizon) // step)
        cuts, trained = Cuts(windows, step, horizon), model.config.quantile_levels
        reserved = horizon + (windows - 1) * step
        native, found = await hindcasts(self, request, context, cuts, trained, reserved, request.hist_exog)

        def judge() -> dict[str, Any]:
            keep = np.array(_newest(horizon, step, windows))[-last:]
            places = [own[keep] for own in positions(native, found)]
            answer = _judged(found, keep, trained, request.level, request.threshold_method)
            return {"idxs": np.concatenate(places), "sizes": [len(own) for own in places], **answer}

        answer = await DECODING.run(judge)
        return self.document(request, model, native, [one.series.warnings for one in found], answer)


def _newest(horizon: int, step: int, windows: int) -> list[int]:
    """Of the forecasts of each value, which of ``[windows * horizon]`` was made last."""
    own = [window * horizon + ahead for window in range(windows - 1) for ahead in range(step)]
    return own + [(windows - 1) * horizon + ahead for ahead in range(horizon)]


def _judged(
    found: Sequence[Hindcast[Forecasts]], keep: Any, trained: tuple[float, ...], level: float, method: str
) -> dict[str, Any]:
    """Compare values with their forecasts, ``[S, D]``."""
    rows = np.stack([one.found.numbers[0].reshape(-1, 1 + len(trained))[keep] for one in found])
    values = np.stack([one.series.actual[0].ravel()[keep] for one in found])
    quantiles = rows[..., 1:]
    horizon = found[0].found.numbers.shape[2]
    usual = np.stack([np.repeat(one.found.seasonal_error[0], horizon)[keep] for one in found])
    tails = np.array([one.series.model.tail_exponents for one in found])[:, None]
    score = _scores(surprise(quantiles, values, trained, tails, usual))
    levels = 0.5 - level / 200, 0.5 + level / 200
    ends = [quantile_at(quantiles, trained, end, tails).ravel() for end in levels]
    answer: dict[str, Any] = {
        "mean": rows[..., 0].ravel(),
        "anomaly": (score > _NORMAL.inv_cdf(0.5 + level / 200)).ravel(),
        "anomaly_score": score.ravel(),
        "intervals": dict(zip(names_of(level), ends, strict=True)),
    }
    if method == "multivariate":
        known = np.isfinite(score)
        together = np.where(known, score**2, 0.0).sum(axis=0)
        most = np.array([_chi_square(int(count), level / 100) for count in known.sum(axis=0)])
        answer |= {
            "anomaly": (known & (together > most)).ravel(),
            "accumulated_anomaly_score": np.tile(together, len(score)),
            "intervals": None,
        }
    return answer


def _scores(surprises: Doubles) -> Doubles:
    """How many standard deviations of a normal forecast a value lies off, NaN where it is missing."""
    tails = np.maximum(np.minimum(surprises, 1 - surprises), np.finfo(np.float64).tiny).ravel().tolist()
    return np.array([tail if isnan(tail) else -_NORMAL.inv_cdf(tail) for tail in tails]).reshape(surprises.shape)


def _chi_square(count: int, share: float) -> float:
    """Quantile of the sum of so many squared normal scores (Wilson and Hilferty, 1931)."""
    if not count:
        return 0.0
    spread = 2 / (9 * count)
    return float(count * (1 - spread + _NORMAL.inv_cdf(share) * sqrt(spread)) ** 3)
