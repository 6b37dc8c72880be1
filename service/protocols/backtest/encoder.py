"""Backtests as a reply: JSON, or a long table with a row per forecast step, or one per cut-off."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.backtests.collected import Forecasts
from service.backtests.scores import Sums, by_cutoff, over_cutoffs, over_series, sums_of
from service.backtests.service import Hindcast
from service.codecs.table_writer import TableRows
from service.errors import ServiceError
from service.models.value_bounds import keep_inside
from service.protocols.backtest.layout import by_variable, times_of
from service.protocols.backtest.pass_encoder import PassEncoder
from service.protocols.backtest.table import Pairs, forecast_rows, metric_rows
from statecast import metrics


@dataclass(frozen=True)
class BacktestEncoder(PassEncoder[Forecasts]):
    """Writes backtests.

    Parameters
    ----------
    returns : sequence of str
        ``metrics``, ``forecasts`` or both.
    horizon, step : int
        Steps ahead, and from one cut-off to the next.
    levels : tuple of float
        Quantile levels Q.
    wanted : mapping of str to Metric
        What is measured.
    """

    returns: Sequence[str]
    horizon: int
    step: int
    levels: tuple[float, ...]
    wanted: Mapping[str, metrics.Metric]
    prefix = "bt"
    failed = dict.fromkeys(("freq", "cutoffs"))

    def reply(self, pairs: Pairs) -> dict[str, Any]:
        """Give what JSON is made of; see ``PassEncoder``."""
        found = [one for _, one in pairs if not isinstance(one, ServiceError)]
        for one in found:
            keep_inside_of_bounds(one)
        about: dict[str, Any] = {
            "horizon": self.horizon,
            "step": self.step,
            "nominal_coverage": round(max(self.levels) - min(self.levels), 6),
        }
        sums: list[dict[str, Sums]] = [{}] * len(found)
        if "metrics" in self.returns:
            sums = [self._sums(one) for one in found]
            about["metrics"] = over_series(sums, self.wanted)
        left = iter(sums)
        values = max((one.found.numbers.size for one in found), default=0) if "forecasts" in self.returns else 100
        return self.document(pairs, about, lambda one: self._result(one, next(left)), values)

    def rows(self, pairs: Pairs) -> TableRows:
        """Give a row per forecast step where forecasts are returned, else one per cut-off; see ``PassEncoder``."""
        for one in (one for _, one in pairs if not isinstance(one, ServiceError)):
            keep_inside_of_bounds(one)
        if "forecasts" in self.returns:
            return forecast_rows(pairs, self.levels)
        figures = [
            None if isinstance(one, ServiceError) else by_cutoff(self._sums(one), self.wanted) for _, one in pairs
        ]
        return metric_rows(pairs, figures, list(self.wanted))

    def states(self, one: Hindcast[Forecasts]) -> dict[str, list[float]]:
        """Give the sums of a series over its cut-offs, as ``scores.figures_of`` takes them; after its rows.

        Parameters
        ----------
        one : Hindcast
            Of the series.
        """
        return {name: state.sum(axis=0).tolist() for name, state in self._sums(one).items()}

    def _sums(self, one: Hindcast[Forecasts]) -> dict[str, Sums]:
        order = sorted(range(len(self.levels)), key=self.levels.__getitem__)
        return sums_of(one.series, one.found.at_levels(order), [self.levels[place] for place in order], self.wanted)

    def _result(self, one: Hindcast[Forecasts], sums: Mapping[str, Sums]) -> dict[str, Any]:
        cutoffs = times_of(one.series.axis, one.series.whole.before + one.series.read)
        result: dict[str, Any] = {"cutoffs": cutoffs}
        if sums:
            result["metrics"] = over_cutoffs(sums, self.wanted)
            result["by_cutoff"] = by_cutoff(sums, self.wanted)
        if "forecasts" in self.returns:
            result["forecasts"] = list(self._forecasts(one, cutoffs))
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


def keep_inside_of_bounds(one: Hindcast[Forecasts]) -> None:
    """Keep the forecasts at each cut-off inside of what was known by then.

    Parameters
    ----------
    one : Hindcast
        Changed in place.
    """
    numbers = one.found.numbers
    rows = numbers.reshape(-1, *numbers.shape[2:])
    kept, _ = keep_inside(rows, one.series.lower.reshape(-1), one.series.upper.reshape(-1))
    one.found.numbers = kept.reshape(numbers.shape)
    ends = one.series.lower[..., None], one.series.upper[..., None]
    one.found.median = one.found.median.clip(*ends)
