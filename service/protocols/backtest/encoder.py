"""Backtests as a reply: JSON, or a long table with a row per forecast step, or one per cut-off."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from service.backtests.collected import Forecasts
from service.backtests.scores import Sums, by_cutoff, over_cutoffs, over_series, sums_of
from service.backtests.service import Hindcast
from service.codecs.json_parts import write_list
from service.codecs.table_warnings import collect_warnings, metadata_of
from service.codecs.table_writer import write_table
from service.errors import ServiceError
from service.http.body import ARROW, JSON
from service.http.ids import ulid
from service.http.problems import problem
from service.models.model import Model
from service.models.value_bounds import keep_inside
from service.protocols.backtest.layout import by_variable, compute_ms, times_of
from service.protocols.backtest.schemas import BacktestRequest
from service.protocols.backtest.table import forecast_rows, metric_rows
from service.protocols.forecast.series import SeriesRequest
from statecast import metrics

Outcome = Hindcast[Forecasts] | ServiceError
_FAILED: dict[str, Any] = {"freq": None, "cutoffs": None, "warnings": []}


@dataclass(frozen=True)
class BacktestEncoder:
    """Writes the answers of one request.

    Parameters
    ----------
    request : BacktestRequest
        What is answered.
    model : Model
        What forecast.
    horizon, step : int
        Steps ahead, and from one cut-off to the next.
    levels : tuple of float
        Quantile levels Q.
    wanted : mapping of str to Metric
        What is measured.
    request_id : str
        Repeated in failures.
    """

    request: BacktestRequest
    model: Model
    horizon: int
    step: int
    levels: tuple[float, ...]
    wanted: Mapping[str, metrics.Metric]
    request_id: str

    @cached_property
    def _ascending(self) -> list[int]:
        return sorted(range(len(self.levels)), key=self.levels.__getitem__)

    def encode(self, outcomes: Sequence[Outcome], kind: str) -> tuple[bytes, list[dict[str, Any]]]:
        """Write a reply.

        Parameters
        ----------
        outcomes : sequence of Hindcast or ServiceError
            One per series of the request, in its order.
        kind : str
            Content type, one of ``http.body.KINDS``.

        Returns
        -------
        bytes
            The body.
        list of dict
            The warnings that a table has no place for, see ``collect_warnings``.
        """
        pairs = list(zip(self.request.series, outcomes, strict=True))
        for one in outcomes:
            if not isinstance(one, ServiceError):
                _keep_inside(one)
        if kind == JSON:
            return orjson.dumps(self._reply(pairs), option=orjson.OPT_SERIALIZE_NUMPY), []
        warned = collect_warnings(
            (series.item_id, one.series.warnings) for series, one in pairs if not isinstance(one, ServiceError)
        )
        if "forecasts" in self.request.returns:
            rows = forecast_rows(pairs, self.levels)
        else:
            figures = [
                None if isinstance(one, ServiceError) else by_cutoff(self._sums(one), self.wanted) for one in outcomes
            ]
            rows = metric_rows(pairs, figures, list(self.wanted))
        return write_table(rows, arrow=kind == ARROW, metadata=metadata_of(warned) if kind == ARROW else {}), warned

    def _sums(self, one: Hindcast[Forecasts]) -> dict[str, Sums]:
        found = one.found
        if self._ascending != list(range(len(self.levels))):
            found = found.part(slice(None))
            found.numbers = found.numbers[..., [0, *(1 + place for place in self._ascending)]]
        return sums_of(one.series, found, [self.levels[place] for place in self._ascending], self.wanted)

    def _reply(self, pairs: Sequence[tuple[SeriesRequest, Outcome]]) -> dict[str, Any]:
        found = [one for _, one in pairs if not isinstance(one, ServiceError)]
        measured = "metrics" in self.request.returns
        sums = [self._sums(one) for one in found] if measured else [{}] * len(found)
        left = iter(zip(found, sums, strict=True))
        results = [
            {"item_id": series.item_id, **_FAILED, "error": problem(one, self.request_id)}
            if isinstance(one, ServiceError)
            else {"item_id": series.item_id, **self._result(*next(left))}
            for series, one in pairs
        ]
        most, least = max(self.levels), min(self.levels)
        reply: dict[str, Any] = {
            "id": f"bt_{ulid()}",
            "model": {"name": self.model.name, "version": self.model.version, "digest": self.model.digest},
            "horizon": self.horizon,
            "step": self.step,
            "nominal_coverage": round(most - least, 6),
        }
        if measured:
            reply["metrics"] = over_series(sums, self.wanted)
        values = max((one.found.numbers.size for one in found), default=0)
        reply["results"] = write_list(results, values if "forecasts" in self.request.returns else 100)
        reply["timing_ms"] = {"compute": compute_ms(found)}
        return reply

    def _result(self, one: Hindcast[Forecasts], sums: Mapping[str, Sums]) -> dict[str, Any]:
        series = one.series
        cutoffs = times_of(series.axis, series.whole.before + series.read)
        result: dict[str, Any] = {"freq": None if series.axis is None else str(series.axis.frequency)}
        if series.model.season is not None:
            result["season"] = series.model.season
        result["cutoffs"] = cutoffs
        if sums:
            result["metrics"] = over_cutoffs(sums, self.wanted)
            result["by_cutoff"] = by_cutoff(sums, self.wanted)
        if "forecasts" in self.request.returns:
            result["forecasts"] = list(self._forecasts(one, cutoffs))
        result["warnings"] = [{"code": code, "detail": detail} for code, detail in series.warnings]
        result["error"] = None
        return result

    def _forecasts(self, one: Hindcast[Forecasts], cutoffs: Sequence[str | int]) -> Iterator[dict[str, Any]]:
        names, own = list(map(repr, self.levels)), one.series.variables
        numbers = np.ascontiguousarray(one.found.numbers.transpose(1, 3, 0, 2))  # [N, 1 + Q, V, F]
        actual = np.ascontiguousarray(one.series.actual.swapaxes(0, 1))
        for place, cutoff in enumerate(cutoffs):
            mean, *quantiles = (by_variable(own, values) for values in numbers[place])
            yield {
                "cutoff": cutoff,
                "target": by_variable(own, actual[place]),
                "mean": mean,
                "quantiles": dict(zip(names, quantiles, strict=True)),
            }


def _keep_inside(one: Hindcast[Forecasts]) -> None:
    """Keep the forecasts at each cut-off inside of what was known by then."""
    numbers = one.found.numbers
    rows = numbers.reshape(-1, *numbers.shape[2:])
    kept, _ = keep_inside(rows, one.series.lower.reshape(-1), one.series.upper.reshape(-1))
    one.found.numbers = kept.reshape(numbers.shape)
    ends = one.series.lower[..., None], one.series.upper[..., None]
    one.found.median = one.found.median.clip(*ends)
