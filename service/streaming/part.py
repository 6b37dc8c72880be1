"""Rows of one request in one batch, and their numbers as the reply has them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.engine.step_batch import StepBatch
from service.models.value_bounds import keep_inside
from service.resident.session import ResidentSession
from service.resident.table import SessionTable
from service.streaming.numbers import Numbers
from service.streaming.request import StreamedRequest
from statecast.layers.heads import interpolate_levels

Made = dict[tuple[tuple[float, ...], int], Numbers]
"""Of a whole batch, by levels and horizon."""


class Part(NamedTuple):
    """Rows of a request that lie one after the other in a batch.

    Parameters
    ----------
    request : StreamedRequest
        Whose.
    first : int
        The first, counted in the request.
    rows : int
        How many.
    at : int
        Where the first lies in the batch.
    """

    request: StreamedRequest
    first: int
    rows: int
    at: int

    @property
    def table(self) -> SessionTable:
        """Of the rows' network."""
        return self.request.sessions[self.first][0]

    @property
    def sessions(self) -> list[ResidentSession]:
        """Of the rows."""
        return [session for _, session in self.request.sessions[self.first : self.first + self.rows]]

    @property
    def values(self) -> list[float]:
        """Observations of the rows."""
        return self.request.body.values[self.first : self.first + self.rows]


def numbers_of(batch: StepBatch, part: Part, trained: tuple[float, ...], made: Made) -> Numbers:
    """Lay out the numbers of a part as its reply has them.

    Parameters
    ----------
    batch : StepBatch
        That ran without an error.
    part : Part
        Of the batch.
    trained : tuple of float
        The network's levels.
    made : dict
        What other parts of the batch had made, because most want the same.

    Returns
    -------
    Numbers
        Of the part's N rows.
    """
    levels, horizon = part.request.levels, part.request.horizon
    whole = made.get((levels, horizon))
    if whole is None and batch.quantiles is not None and batch.mean is not None:
        quantiles = batch.quantiles[:, :horizon]
        if levels != trained:
            quantiles = interpolate_levels(quantiles, trained, levels)
        mean = batch.mean[:, :horizon, None]
        values = np.ascontiguousarray(np.concatenate([mean, quantiles], axis=2).transpose(0, 2, 1))
        whole = made[levels, horizon] = Numbers(*keep_inside(values, *_ends(batch, part)))
    assert whole is not None
    rows = slice(part.at, part.at + part.rows)
    return Numbers(whole.values[rows], whole.kept[rows])


def _ends(batch: StepBatch, part: Part) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper bound of each row of a batch, all of one model."""
    bounds, none = part.request.model.bounds, np.full(len(batch.sessions), np.inf)
    if bounds is None:
        return np.where(part.table.levels.below_zero(batch.sessions), -none, 0.0), none
    lower, upper = -np.inf if bounds.lower is None else bounds.lower, np.inf if bounds.upper is None else bounds.upper
    return np.full(len(none), lower), np.full(len(none), upper)
