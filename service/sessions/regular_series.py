"""A series laid out on its regular grid: one column a step, holes and all, and the checksum of such columns."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.errors import TooLarge, Unprocessable
from service.sessions.series_input import Floats, SeriesInput


@dataclass(frozen=True)
class Limits:
    """What a series may bring, in steps.

    Parameters
    ----------
    tail : int
        Values that a record keeps.
    gap : int
        Longest gap that is filled.
    history : int
        Longest series, its gaps included.
    mixed_frequency : mapping of str to int
        Steps per bucket of each series of lower frequency that the model reads, by the name of its frequency.
    coarse_history : int
        Buckets of each that are read from before the first step.
    """

    tail: int
    gap: int
    history: int
    mixed_frequency: Mapping[str, int] = field(default_factory=dict)
    coarse_history: int = 0


@dataclass(frozen=True, eq=False)
class RegularSeries:
    """A series on a regular grid without holes: values ``[V, n]``, covariates ``[n, C]``, which steps were given."""

    begin: int
    values: Floats
    past: Floats
    known: Floats
    given: NDArray[np.bool_]

    @property
    def end(self) -> int:
        """Clock of the last step."""
        return self.begin + int(self.values.shape[1]) - 1

    @classmethod
    def of(cls, series: SeriesInput, follows: int, limits: Limits) -> "RegularSeries":
        """Lay out a series; one that brings no clocks begins at ``follows``.

        Raises
        ------
        Unprocessable, TooLarge
            If a gap is too long, or the whole is with its gaps.
        """
        # Adding zero turns -0.0 into 0.0, so that equal values have equal bytes and checksums.
        values = series.target.astype(np.float32, copy=False) + np.float32(0.0)
        steps = values.shape[1]
        clocks = series.clocks
        if clocks is None:
            return cls(follows, values, series.past, series.known, np.ones(steps, dtype=np.bool_))
        begin, span = int(clocks[0]), int(clocks[-1] - clocks[0]) + 1
        if span == steps:
            return cls(begin, values, series.past, series.known, np.ones(steps, dtype=np.bool_))
        holes = np.diff(clocks) - 1
        longest = int(holes.argmax())
        if holes[longest] > limits.gap:
            raise gap_too_long(int(holes[longest]), longest + 1, limits)
        if span > limits.history:
            raise TooLarge(f"target: expected at most {limits.history} steps, got {span} with its gaps; send fewer")
        place = clocks - begin
        given = np.zeros(span, dtype=np.bool_)
        given[place] = True
        grid = np.full((values.shape[0], span), np.nan, dtype=np.float32)
        grid[:, place] = values
        past = np.zeros((span, series.past.shape[1]), dtype=np.float32)
        known = np.zeros((span, series.known.shape[1]), dtype=np.float32)
        past[place], known[place] = series.past, series.known
        return cls(begin, grid, past, known, given)

    def since(self, time_index: int) -> "RegularSeries":
        """Drop the steps before ``time_index``."""
        skip = time_index - self.begin
        return RegularSeries(time_index, self.values[:, skip:], self.past[skip:], self.known[skip:], self.given[skip:])

    def after(self, last: int) -> "RegularSeries":
        """Begin right after ``last``, steps between missing."""
        lead = self.begin - last - 1
        if lead <= 0:
            return self.since(last + 1)
        return RegularSeries(
            last + 1,
            np.pad(self.values, ((0, 0), (lead, 0)), constant_values=np.nan),
            np.pad(self.past, ((lead, 0), (0, 0))),
            np.pad(self.known, ((lead, 0), (0, 0))),
            np.pad(self.given, (lead, 0)),
        )


def gap_too_long(length: int, step: int, limits: Limits) -> Unprocessable:
    """Say which gap is too long and what to do."""
    return Unprocessable(
        f"target: expected gaps of at most {limits.gap} steps, got {length} missing steps before step {step}; give the "
        "values between (null where unknown), or begin anew under another session id",
        code="gap_too_long",
    )


def checksum_of(values: Floats, before: int = 0) -> int:
    """CRC-32 of ``[V, T]`` float32 in time-major order, going on from ``before``; missing is one canonical NaN."""
    if not values.shape[1]:
        return before
    columns = np.ascontiguousarray(values.T, dtype="<f4")
    missing = np.isnan(columns)
    if missing.any():
        columns = np.where(missing, np.float32(np.nan), columns)
    return zlib.crc32(columns.data, before)
