"""A series laid out on its regular grid: one column per step, holes and all, and the checksum of such columns."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from service.errors import TooLarge, Unprocessable
from service.sessions.series_input import Doubles, Floats, SeriesInput


@dataclass(frozen=True)
class Limits:
    """What a series may bring, in steps, and what of it the network reads.

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
    deviations : bool
        Whether the network reads deviations from the series' level.
    """

    tail: int
    gap: int
    history: int
    mixed_frequency: Mapping[str, int] = field(default_factory=dict)
    coarse_history: int = 0
    deviations: bool = True


@dataclass(frozen=True, eq=False)
class RegularSeries:
    """A series on a regular grid of N steps without holes.

    Parameters
    ----------
    begin : int
        Time index of the first step.
    values : array of float64, ``[V, N]``
        NaN where missing.
    past : array of float32, ``[N, Cp]``
        Encoded covariates that are known up to now, zeros in gaps.
    known : array of float32, ``[N, Cf]``
        Encoded covariates that are known ahead, ``unknown`` in gaps.
    given : array of bool, ``[N]``
        Which steps the request brought.
    unknown : array of float32, ``[Cf]``
        See ``SeriesInput``.
    """

    begin: int
    values: Doubles
    past: Floats
    known: Floats
    given: NDArray[np.bool_]
    unknown: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    @property
    def end(self) -> int:
        """Time index of the last step."""
        return self.begin + int(self.values.shape[1]) - 1

    @classmethod
    def of(cls, series: SeriesInput, follows: int, limits: Limits) -> "RegularSeries":
        """Lay out a series.

        Parameters
        ----------
        series : SeriesInput
            What the request brings.
        follows : int
            Time index of the first step where the request names none.
        limits : Limits
            What bounds its gaps and its length.

        Returns
        -------
        RegularSeries
            Arrays of the request where it has no gaps.

        Raises
        ------
        Unprocessable
            If a gap is too long.
        TooLarge
            If the whole is too long with its gaps.
        """
        # Adding zero turns -0.0 into 0.0, so that equal values have equal bytes and checksums.
        values = series.target + 0.0
        steps = values.shape[1]
        time_index = series.time_index
        if time_index is None:
            return cls(follows, values, series.past, series.known, np.ones(steps, dtype=np.bool_), series.unknown)
        begin, span = int(time_index[0]), int(time_index[-1] - time_index[0]) + 1
        if span == steps:
            return cls(begin, values, series.past, series.known, np.ones(steps, dtype=np.bool_), series.unknown)
        holes = np.diff(time_index) - 1
        longest = int(holes.argmax())
        if holes[longest] > limits.gap:
            raise gap_too_long(int(holes[longest]), longest + 1, limits)
        if span > limits.history:
            raise TooLarge(f"target: expected at most {limits.history} steps, got {span} with its gaps; send fewer")
        place = time_index - begin
        given = np.zeros(span, dtype=np.bool_)
        given[place] = True
        grid = np.full((values.shape[0], span), np.nan)
        grid[:, place] = values
        past = np.zeros((span, series.past.shape[1]), dtype=np.float32)
        known = np.zeros((span, series.known.shape[1]), dtype=np.float32)
        if series.unknown.any():  # NaN does
            known[:] = series.unknown
        past[place], known[place] = series.past, series.known
        return cls(begin, grid, past, known, given, series.unknown)

    def since(self, time_index: int) -> "RegularSeries":
        """Drop the steps before one.

        Parameters
        ----------
        time_index : int
            Of the first step that stays.

        Returns
        -------
        RegularSeries
            Views into the arrays of this one.
        """
        skip = time_index - self.begin
        return replace(
            self, begin=time_index, values=self.values[:, skip:], past=self.past[skip:], known=self.known[skip:],
            given=self.given[skip:],
        )  # fmt: skip

    def until(self, time_index: int) -> "RegularSeries":
        """Drop a step and those after it.

        Parameters
        ----------
        time_index : int
            Of the first step that goes.

        Returns
        -------
        RegularSeries
            Views into the arrays of this one.
        """
        stay = time_index - self.begin
        return replace(
            self, values=self.values[:, :stay], past=self.past[:stay], known=self.known[:stay], given=self.given[:stay]
        )

    def after(self, last: int) -> "RegularSeries":
        """Begin right after a step; steps between are missing.

        Parameters
        ----------
        last : int
            Its time index.

        Returns
        -------
        RegularSeries
            From the step after it.
        """
        lead = self.begin - last - 1
        if lead <= 0:
            return self.since(last + 1)
        known = np.pad(self.known, ((lead, 0), (0, 0)))
        if self.unknown.any():
            known[:lead] = self.unknown
        return replace(
            self,
            begin=last + 1,
            values=np.pad(self.values, ((0, 0), (lead, 0)), constant_values=np.nan),
            past=np.pad(self.past, ((lead, 0), (0, 0))),
            known=known,
            given=np.pad(self.given, (lead, 0)),
        )


def gap_too_long(length: int, step: int, limits: Limits) -> Unprocessable:
    """Make the refusal of a gap.

    Parameters
    ----------
    length : int
        Missing steps.
    step : int
        Place of the value after them in the request.
    limits : Limits
        Name the longest gap.

    Returns
    -------
    Unprocessable
        Not raised yet.
    """
    return Unprocessable(
        f"target: expected gaps of at most {limits.gap} steps, got {length} missing steps before step {step}; give the "
        "values between (null where unknown), or begin anew under another session id",
        code="gap_too_long",
    )


def checksum_of(values: Doubles | Floats, before: int = 0) -> int:
    """Go on with a CRC-32 over values in time-major order; missing is one canonical NaN.

    Parameters
    ----------
    values : array of float64 or float32, ``[V, T]``
        Steps of a series, in the precision in which they are to be told apart.
    before : int
        The CRC-32 so far.

    Returns
    -------
    int
        The CRC-32 after them.
    """
    if not values.shape[1]:
        return before
    columns = np.ascontiguousarray(values.T)
    missing = np.isnan(columns)
    if missing.any():
        columns = np.where(missing, columns.dtype.type(np.nan), columns)
    return zlib.crc32(columns.data, before)
