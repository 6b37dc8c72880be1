"""Terms of a regression that the calendar gives: hours, days of the week, the year, as waves and indicators.

Shapes: ``[...]`` any rows and steps, Ca columns of ``statecast.time.features``, D terms.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from statecast.time.frequency import Frequency

DAY, YEAR = 86_400, 365.2425 * 86_400
_ROUND = 1e-4  # of a day: what the float32 of a place within the week may lack


@dataclass(frozen=True)
class Calendar:
    """Which cycles a freq has, and how many steps they take.

    Parameters
    ----------
    names : tuple of str
        Features out of ``CALENDAR_FEATURES`` that are read, in this order.
    steps_per_year : float
        How many, 0 where the year is no cycle of its own.
    """

    names: tuple[str, ...] = ()
    steps_per_year: float = 0.0

    @classmethod
    def of(cls, freq: str | None) -> "Calendar":
        """Return the cycles of a freq: day, week and year of hours, week and year of days, the year of weeks.

        Parameters
        ----------
        freq : str or None
            Distance of two observations; None without times.

        Returns
        -------
        Calendar
            Without cycles where there are no times, or where steps are months and a season is the year.

        Examples
        --------
        >>> Calendar.of("1d").names
        ('week', 'year')
        """
        if freq is None:
            return cls()
        frequency = Frequency.parse(freq)
        step = frequency.seconds or (1.4 * DAY * frequency.count if frequency.unit == "b" else YEAR)
        if step > 14 * DAY:
            return cls()
        names = ("day", "week", "year") if step < DAY else ("week", "year") if step < 7 * DAY else ("year",)
        return cls(names, YEAR / step)

    @property
    def hourly(self) -> bool:
        """Whether steps are shorter than a day."""
        return "day" in self.names

    def angles(self, columns: Tensor) -> dict[str, Tensor]:
        """Return the place within each cycle.

        Parameters
        ----------
        columns : Tensor
            ``[..., Ca]``, sine and cosine of each.

        Returns
        -------
        dict of str to Tensor
            ``[...]`` float64, from 0 to 2 pi.
        """
        pairs = columns.double().unflatten(-1, (len(self.names), 2)).unbind(-2)
        found = {name: torch.atan2(pair[..., 0], pair[..., 1]) for name, pair in zip(self.names, pairs, strict=True)}
        return {name: torch.remainder(angle, 2 * torch.pi) for name, angle in found.items()}


def waves(angle: Tensor, count: int) -> Tensor:
    """Return sines and cosines of the first multiples of an angle.

    Parameters
    ----------
    angle : Tensor
        ``[...]``.
    count : int
        How many multiples, K.

    Returns
    -------
    Tensor
        ``[..., 2 K]``.
    """
    multiples = angle[..., None] * torch.arange(1, count + 1, dtype=angle.dtype, device=angle.device)
    return torch.stack([multiples.sin(), multiples.cos()], dim=-1).flatten(-2)


def products(left: Tensor, right: Tensor) -> Tensor:
    """Return each term of one block times each of another.

    Parameters
    ----------
    left, right : Tensor
        ``[..., L]`` and ``[..., R]``.

    Returns
    -------
    Tensor
        ``[..., L R]``.
    """
    return (left[..., :, None] * right[..., None, :]).flatten(-2)


class CalendarTerms:
    """Terms of the calendar, with how strongly each is held at 0.

    Parameters
    ----------
    calendar : Calendar
        The cycles.

    Attributes
    ----------
    width : int
        How many, D.
    penalties : tuple of float
        Ridge of each.
    yearly : tuple of bool
        Which of them need years to be learned.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        blocks = _HOURS if calendar.hourly else _DAYS if "week" in calendar.names else _WEEKS if calendar.names else ()
        self.penalties = tuple(penalty for _, penalties in blocks for penalty in penalties)
        self.yearly = tuple("year" in name for name, penalties in blocks for _ in penalties)
        self.width = len(self.penalties)

    def of(self, angles: dict[str, Tensor]) -> Tensor:
        """Return the terms.

        Parameters
        ----------
        angles : dict of str to Tensor
            ``[...]`` of each cycle, see ``Calendar.angles``.

        Returns
        -------
        Tensor
            ``[..., D]`` float64.
        """
        calendar = self.calendar
        if calendar.hourly:
            return torch.cat([waves(angles["day"], 3), weekdays(angles["week"]), waves(angles["year"], 2)], dim=-1)
        blocks = [weekdays(angles["week"])] if "week" in angles else []
        blocks += [waves(angles["year"], YEAR_WAVES)] if "year" in angles else []
        return torch.cat(blocks, dim=-1)


def weekdays(angle: Tensor) -> Tensor:
    """Return an indicator per day of the week, Monday first.

    Parameters
    ----------
    angle : Tensor
        ``[...]`` place within the week.

    Returns
    -------
    Tensor
        ``[..., 7]``, 0 or 1.
    """
    day = torch.floor(angle * (7 / (2 * torch.pi)) + _ROUND).long() % 7
    return torch.nn.functional.one_hot(day, 7).to(angle.dtype)


def hours(angle: Tensor) -> Tensor:
    """Return the hour of the day.

    Parameters
    ----------
    angle : Tensor
        ``[...]`` place within the day.

    Returns
    -------
    Tensor
        ``[...]`` int64, 0 to 23.
    """
    return torch.floor(angle * (24 / (2 * torch.pi)) + _ROUND).long() % 24


YEAR_WAVES = 24
_YEAR = tuple(3.0 * max(1.0, (k // 2 + 1) / 2) ** 2 for k in range(2 * YEAR_WAVES))  # fast waves have to prove more
# Of hours few, because each hour has terms of its own beside them.
_HOURS = (("day", (10.0,) * 6), ("week", (10.0,) * 7), ("year", (10.0,) * 4))
_DAYS = (("week", (1.0,) * 7), ("year", _YEAR))
_WEEKS = (("year", _YEAR),)
