"""The forecasts that resident sessions gave last, and how good the earlier ones turned out to be."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.resident.network import ResidentNetwork
from service.resident.step import SessionStep
from service.sessions.live_metrics import Interval, metric_of, new_scores
from service.sessions.recent_surprise import KEPT, NAME
from service.stores.record import PendingForecast, Record, Scores
from statecast.metrics import ForecastBatch
from statecast.uncertainty.surprise import interval_levels, interval_surprise


class PendingForecasts:
    """One forecast per row of a ``SessionTable``, and the scores of those before it.

    Parameters
    ----------
    network : ResidentNetwork
        That forecasts.
    capacity : int
        Rows.
    metrics : tuple of str
        Accuracy metrics of new sessions beside the usual ones.
    """

    def __init__(self, network: ResidentNetwork, capacity: int, metrics: Sequence[str]) -> None:
        of = Interval.of(network.config.quantile_levels)
        self._exponents = network.tail_exponents
        self._kept = [of.low, of.median, of.high]
        self._coverage, self._levels = of.coverage, interval_levels(of.coverage)
        self._start, self._steps = np.zeros((2, capacity), dtype=np.int64)
        self._scale = np.zeros(capacity)
        self._quantiles = np.zeros((capacity, 3, network.config.horizon))
        states = new_scores(metrics)
        ends = np.cumsum([0, *(state.size for state in states.values())]).tolist()
        self._columns = dict(zip(states, map(slice, ends[:-1], ends[1:]), strict=True))
        self._metrics = [metric for metric in map(metric_of, states) if metric is not None]
        self._sums = np.zeros((capacity, ends[-1]))
        self._recent = np.full((capacity, KEPT), np.nan)

    def covers(self, record: Record) -> bool:
        """Whether all scores of a session can be kept here; those that it lacks begin with its next observation.

        Parameters
        ----------
        record : Record
            The session.
        """
        return all(name in self._columns or name == NAME for name in record.scores)

    def load(self, row: int, record: Record) -> None:
        """Take in a session.

        Parameters
        ----------
        row : int
            Its row.
        record : Record
            That is covered.
        """
        self._start[row] = self._steps[row] = 0
        if record.issued is not None:
            steps = min(record.issued.quantiles.shape[1], self._quantiles.shape[2])
            self._quantiles[row, :, :steps] = record.issued.quantiles[0, :steps].T
            self._scale[row] = record.issued.scale[0]
            self._start[row], self._steps[row] = record.issued.start, steps
        self._sums[row] = 0
        self._recent[row] = record.scores.get(NAME, np.nan)
        for name in record.scores.keys() & self._columns.keys():
            self._sums[row, self._columns[name]] = record.scores[name]

    def issued(self, row: int) -> PendingForecast | None:
        """Give a session's forecast as a value.

        Parameters
        ----------
        row : int
            Of the session.

        Returns
        -------
        PendingForecast or None
            None where it has none.
        """
        steps = int(self._steps[row])
        if not steps:
            return None
        quantiles = np.ascontiguousarray(self._quantiles[row, :, :steps].T)[None]
        return PendingForecast(int(self._start[row]), quantiles, self._scale[row : row + 1].copy())

    def scores(self, row: int) -> Scores:
        """Give a session's scores as a value.

        Parameters
        ----------
        row : int
            Of the session.

        Returns
        -------
        dict
            By name.
        """
        found = {name: self._sums[row, columns].copy() for name, columns in self._columns.items()}
        return found | {NAME: self._recent[row].copy()}

    @property
    def sizes(self) -> dict[str, int]:
        """How many numbers each score has, in the order of ``rows_of``."""
        return {name: columns.stop - columns.start for name, columns in self._columns.items()} | {NAME: KEPT}

    def rows_of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Give what sessions of one batch that has run forecast last, and their scores.

        Parameters
        ----------
        rows : array of int64, ``[B]``
            Of the sessions.

        Returns
        -------
        array of float64, ``[B, 3, F]``
            Low, median and high.
        array of float64, ``[B]``
            Unit of MASE.
        array of float64, ``[B, S]``
            Scores.
        """
        steps = int(self._steps[rows[0]]) if len(rows) else 0
        scores = np.concatenate([self._sums[rows], self._recent[rows]], axis=1)
        return self._quantiles[rows, :, :steps], self._scale[rows], scores

    def score(self, step: SessionStep) -> NDArray[np.float64]:
        """Score the forecast of each session with its next observation.

        Parameters
        ----------
        step : SessionStep
            Of B sessions.

        Returns
        -------
        array of float64, ``[B]``
            How surprising each observation is, see ``SessionUpdate.surprise``.
        """
        rows, values = step.rows, step.values
        ahead = step.index - self._start[rows]
        met = (ahead >= 0) & (ahead < self._steps[rows])
        if not np.logical_and.reduce(met):
            found = np.full(len(rows), np.nan)
            if met.any():
                found[met] = self._score(rows[met], ahead[met], values[met])
        else:
            found = self._score(rows, ahead, values)
        self._recent[rows, step.index % KEPT] = found
        return found

    def _score(
        self, rows: NDArray[np.int64], ahead: NDArray[np.int64], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Score forecasts that were made so many steps ahead of the observations."""
        quantiles, scale = self._quantiles[rows, :, ahead], self._scale[rows]
        batch = ForecastBatch(
            values[:, None],
            quantiles[:, None, 1],
            quantiles=quantiles[:, None],
            levels=self._levels,
            seasonal_error=scale,
        )
        self._sums[rows] += np.concatenate([term for metric in self._metrics for term in metric.terms(batch)], axis=1)
        return interval_surprise(quantiles, values, self._coverage, self._exponents, scale)

    def keep(self, step: SessionStep, quantiles: NDArray[np.float64], seasonal_error: NDArray[np.float64]) -> None:
        """Keep the forecasts that followed an observation.

        Parameters
        ----------
        step : SessionStep
            Of B sessions.
        quantiles : array of float64, ``[B, F, Q]``
            The forecasts, at the network's levels.
        seasonal_error : array of float64, ``[B]``
            Their unit of MASE.
        """
        rows, steps = step.rows, min(quantiles.shape[1], self._quantiles.shape[2])
        for place, level in enumerate(self._kept):
            self._quantiles[rows, place, :steps] = quantiles[:, :steps, level]
        self._scale[rows] = seasonal_error
        self._start[rows], self._steps[rows] = step.index + 1, steps
