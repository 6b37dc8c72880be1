"""All terms of a regression: those of the calendar, those of covariates, and a few for each hour of the day.

Shapes: B rows, T steps, Ck columns known ahead, D terms, P terms of an hour.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from statecast.errors import InputError
from statecast.regression.terms.calendar_terms import Calendar, CalendarTerms, hours, waves, weekdays
from statecast.regression.terms.covariate_terms import CovariateTerms, Standardised, Standardising, bends
from statecast.state.state import Field

HOURS = 24
_MOST_TERMS = 160
_MOST_OF_HOUR = 24  # terms that covariates may take for each hour
_CALENDAR_OF_HOUR = 5  # one, Monday, Friday, Saturday, Sunday
_HOUR_PENALTY = 3.0


class TermValues(NamedTuple):
    """Terms of B rows and T steps.

    Parameters
    ----------
    everywhere : Tensor
        ``[B, T, D]`` float64, those of the calendar first.
    hourly : Tensor
        ``[B, T, P]`` float64, those whose weights each hour has for itself; P is 0 where there are no hours.
    hour : Tensor
        ``[B, T]`` int64.
    """

    everywhere: Tensor
    hourly: Tensor
    hour: Tensor


class Terms:
    """The terms for a calendar and so many covariates.

    Parameters
    ----------
    calendar : Calendar
        Cycles of the freq.
    numeric : int
        Numeric covariates.
    indicators : int
        Columns of categorical ones.
    season : int
        Steps per season, over which covariates are averaged.
    holidays : bool
        Whether a flag of holidays follows the calendar's columns, which is one indicator more.

    Attributes
    ----------
    width, hourly_width : int
        Terms D, and terms P of an hour.
    calendar_width, calendar_hourly_width : int
        How many of them are the calendar's, which stand first.
    penalties : tuple of float
        Ridge of each of the D terms.

    Raises
    ------
    InputError
        If there are more covariates than there is room for.
    """

    def __init__(self, calendar: Calendar, numeric: int, indicators: int, season: int, holidays: bool = False) -> None:
        self.calendar, self._holidays = calendar, holidays
        indicators += holidays
        self.of_calendar = CalendarTerms(calendar)
        self.calendar_width = self.of_calendar.width
        most = _MOST_TERMS - self.calendar_width
        self.of_covariates = CovariateTerms(
            numeric, indicators, "week" in calendar.names, 10.0 if calendar.hourly else 3.0, most
        )
        if not self.of_covariates.fits:
            raise InputError(
                f"future_covariates: expected at most {most} columns (1 per number, 1 per level of a category), got "
                f"{numeric + indicators}; leave out those that say least"
            )
        self.standardising = Standardising(numeric, season)
        self.width = self.calendar_width + self.of_covariates.width
        self.penalties = self.of_calendar.penalties + self.of_covariates.penalties
        self.yearly = self.of_calendar.yearly + (False,) * self.of_covariates.width
        # Of an hour's own, as many as there is room for.
        knots = next(
            (some for some in ((0.0,), ()) if 2 * numeric * (1 + len(some)) + indicators <= _MOST_OF_HOUR), None
        )
        self._knots = knots if calendar.hourly and numeric + indicators else None
        covariates = 0 if self._knots is None else 2 + 2 * numeric * (1 + len(self._knots)) + indicators
        self.calendar_hourly_width = _CALENDAR_OF_HOUR * calendar.hourly
        self.hourly_width = self.calendar_hourly_width + covariates
        self.hourly_penalties = (_HOUR_PENALTY,) * self.hourly_width

    def widths(self, covariates: bool) -> tuple[int, int]:
        """Return how many terms an effect has, and how many of an hour.

        Parameters
        ----------
        covariates : bool
            Whether covariates are among them.

        Returns
        -------
        tuple of int
            D and P.
        """
        return (self.width, self.hourly_width) if covariates else (self.calendar_width, self.calendar_hourly_width)

    def fields(self) -> tuple[Field, ...]:
        """Return the state fields."""
        return self.standardising.fields()

    def read(self, known: Tensor, state: dict[str, Tensor]) -> tuple[TermValues, dict[str, Tensor]]:
        """Return the terms of steps that have come.

        Parameters
        ----------
        known : Tensor
            ``[B, T, Ck]`` calendar columns, then covariates, numeric ones first, NaN where missing.
        state : dict of str to Tensor
            The fields.

        Returns
        -------
        TermValues
            Of T steps.
        dict of str to Tensor
            The fields after them.
        """
        calendar, covariates = self._split(known)
        standardised, new = self.standardising.read(covariates, state)
        return self._values(calendar, standardised), new

    def ahead(self, known: Tensor, state: dict[str, Tensor]) -> TermValues:
        """Return the terms of the horizon.

        Parameters
        ----------
        known : Tensor
            ``[B, F, Ck]``, as in ``read``.
        state : dict of str to Tensor
            The fields.

        Returns
        -------
        TermValues
            Of F steps.
        """
        calendar, covariates = self._split(known)
        return self._values(calendar, self.standardising.ahead(covariates, state))

    def _split(self, known: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        width = 2 * len(self.calendar.names)
        covariates = known[..., width:]
        if self._holidays:
            covariates = torch.cat([covariates[..., 1:], covariates[..., :1]], dim=-1)
        return self.calendar.angles(known[..., :width]), covariates

    def _values(self, angles: dict[str, Tensor], covariates: Standardised) -> TermValues:
        blocks = [self.of_calendar.of(angles)] if self.calendar.names else []
        week = angles.get("week")
        weekend = None if week is None else weekdays(week)[..., 5:].sum(-1, keepdim=True)
        everywhere = torch.cat([*blocks, self.of_covariates.of(covariates, weekend)], dim=-1)
        if not self.calendar.hourly:
            return TermValues(everywhere, everywhere[..., :0], torch.zeros_like(everywhere[..., 0], dtype=torch.int64))
        return TermValues(everywhere, self._of_hour(angles, covariates, everywhere), hours(angles["day"]))

    def _of_hour(self, angles: dict[str, Tensor], covariates: Standardised, like: Tensor) -> Tensor:
        day = weekdays(angles["week"])
        own = [torch.ones_like(like[..., :1]), day[..., :1], day[..., 4:]]
        if self._knots is not None:
            own += [waves(angles["year"], 1)]
            own += [bends(covariates.now, self._knots), bends(covariates.recent, self._knots), covariates.indicators]
        return torch.cat(own, dim=-1)
