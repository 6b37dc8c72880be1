"""How many steps a season has: what a freq usually brings, or what the values themselves show."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statecast.time.frequency import Frequency

Values = NDArray[np.float64]
# By unit, for a count of 1: a minute's steps, an hour's, a day's, a week's, a year's.
_USUAL = {
    "s": 60, "min": 60, "h": 24, "d": 7, "b": 5, "w": 1, "mo": 12, "q": 4, "y": 1, "bmo": 12, "bq": 4, "by": 1,
}  # fmt: skip
_YEARLY = {"w": 52}  # by unit, for a count of 1: the year, where the usual season is none
SEASONS = (4, 7, 12, 24, 48, 52, 60, 96, 144, 288)
"""Seasons that ``detect_season`` looks for: of quarters, days, months, hours, half hours, weeks, minutes, and parts of
an hour."""
_CLEAR = 0.3  # correlation from which on a season is believed
_BY_CHANCE = 2.5  # standard errors that the correlation of the changes over an eighth of it must pass
_TURNS = 2.5  # seasons that must have been seen where nothing else speaks for one
_YEARS = 2  # years that must have been seen, because the calendar speaks for them


def usual_season(freq: Frequency) -> int:
    """Return the season that series of a frequency usually have.

    Parameters
    ----------
    freq : Frequency
        Distance of two observations.

    Returns
    -------
    int
        Steps per season; 1 for none.

    Examples
    --------
    >>> usual_season(Frequency.parse("15min")), usual_season(Frequency.parse("1d"))
    (96, 7)
    """
    season = _USUAL[freq.unit]
    if freq.count == 1:
        return season
    if freq.unit == "min" and 1440 % freq.count == 0:
        return 1440 // freq.count
    return season // freq.count if season % freq.count == 0 else 1


def yearly_season(freq: Frequency) -> int:
    """Return the steps of a year, of a frequency whose series are to be asked whether they have one.

    Parameters
    ----------
    freq : Frequency
        Distance of two observations.

    Returns
    -------
    int
        Steps per year; 1 where the usual season is to be taken whatever the values.

    Examples
    --------
    >>> yearly_season(Frequency.parse("1w")), yearly_season(Frequency.parse("1d"))
    (52, 1)
    """
    year = _YEARLY.get(freq.unit, 1)
    return year // freq.count if year % freq.count == 0 else 1


def depends_on_values(freq: Frequency, steps: int) -> bool:
    """Say whether the season of a history depends on what its values show, its freq being known.

    Parameters
    ----------
    freq : Frequency
        Distance of two observations.
    steps : int
        Length of the history, T.
    """
    year = yearly_season(freq)
    return year > 1 and steps >= _YEARS * year


def detect_season(history: ArrayLike, seasons: tuple[int, ...] = SEASONS) -> int:
    """Find the season that values show most clearly.

    For each candidate: the correlation, one season apart, of what is left of the values about their running mean, if
    the changes over an eighth of it agree. A multiple of a season must be clearer by a tenth to be preferred to it.

    Parameters
    ----------
    history : array_like, shape [T]
        Values, NaN where missing.
    seasons : tuple of int
        Candidates, ascending, in steps.

    Returns
    -------
    int
        Steps per season; 1 where none is clear.

    Examples
    --------
    >>> detect_season(np.tile([1.0, 5.0, 2.0, 8.0], 10))
    4
    """
    return _clearest(history, seasons, _TURNS)


def choose_season(
    history: ArrayLike, freq: str | None = None, season: int | None = None, *, longest: int | None = None
) -> int:
    """Choose the season to forecast with: the named one, else the freq's, else the one that the values show.

    A freq's is its usual one; of weeks the year, where the history holds two and shows it.

    Parameters
    ----------
    history : array_like, shape [T]
        Values, NaN where missing.
    freq : str or None
        Distance of two observations.
    season : int or None
        Steps per season, if it was named.
    longest : int or None
        The longest year that may be taken, in steps; None for any.

    Returns
    -------
    int
        Steps per season. A usual season of which the history does not hold two could not be learned from it: then 1.

    Raises
    ------
    ConfigError
        If the freq cannot be read.
    """
    if season is not None:
        return season
    values = np.asarray(history, dtype=np.float64)
    if freq is None:
        return detect_season(values)
    frequency = Frequency.parse(freq)
    usual, year = usual_season(frequency), yearly_season(frequency)
    if depends_on_values(frequency, values.size) and (longest is None or year <= longest):
        return max(usual, _clearest(values, (year,), _YEARS))
    return usual if values.size >= 2 * usual else 1


def _clearest(history: ArrayLike, seasons: tuple[int, ...], turns: float) -> int:
    """The season that values show most clearly of those that they hold so many turns of; 1 for none."""
    values = np.asarray(history, dtype=np.float64)
    seen = ~np.isnan(values)
    if seen.sum() < 8:
        return 1
    steps = np.arange(values.size, dtype=np.float64)
    # From the first value, because a far-off level would cost digits.
    values = np.interp(steps, steps[seen], values[seen] - values[seen][0])
    spread = values.std()
    if not spread > 1e-9 * np.abs(values).max():
        return 1
    values = (values - values.mean()) / spread
    best, clearest = 1, _CLEAR
    for season in seasons:
        if values.size < turns * season:
            break
        left = _about_running_mean(values, season)
        stride = max(season // 8, 1)
        changes = values[stride:] - values[:-stride]
        # What merely wanders also comes back; its changes do not.
        by_chance = _BY_CHANCE * (stride / changes.size) ** 0.5
        found = _correlation(left, season) if _correlation(changes, season) > by_chance else 0.0
        if found > clearest + (0.1 if best > 1 and season % best == 0 else 0.0):
            best, clearest = season, found
    return best


def _about_running_mean(values: Values, season: int) -> Values:
    """What is left of ``[T]`` when the mean of one season around each value is taken away, and a constant."""
    total = np.concatenate([[0.0], values.cumsum()])
    mean = (total[season:] - total[:-season]) / season
    left = values[season // 2 : season // 2 + mean.size] - mean
    return np.asarray(left - left.mean())


def _correlation(values: Values, lag: int) -> float:
    early, late = values[:-lag], values[lag:]
    power = float(np.sqrt((early**2).sum() * (late**2).sum()))
    return float((early * late).sum()) / power if power > 1e-18 * early.size else 0.0
