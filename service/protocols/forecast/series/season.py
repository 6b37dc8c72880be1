"""Which season a series has: as it says, as its freq usually brings, or as its values show."""

from collections.abc import Sequence

import numpy as np

from service.models.model import Model
from service.protocols.forecast.series.request import SeriesRequest
from service.protocols.forecast.series.timeline import TimeIndex
from service.sessions.series_input import Doubles
from statecast.errors import ConfigError
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.seasonality import SEASONS, choose_season, depends_on_values, detect_season, usual_season


def season_of(
    series: SeriesRequest,
    axis: TimeAxis | None,
    index: TimeIndex | None,
    model: Model,
    most: int,
    reserved: int = 0,
) -> int | None:
    """Choose the steps per season with which a series begins.

    A session will grow, so it begins with the usual season of its freq however little it brings. Of several variables
    the first decides whose values show a season, and the first one whether weeks have a year.

    Parameters
    ----------
    series : SeriesRequest
        Has at least one variable; what is wrong is noted in its faults.
    axis : TimeAxis or None
        None without times.
    index : array of int64, ``[T]``, or None
        Time index of its values.
    model : Model
        What will forecast it.
    most : int
        Steps per series that are allowed.
    reserved : int
        Steps at the end that its first forecast must not know.

    Returns
    -------
    int or None
        None for a model that has a season of its own.
    """
    longest = model.longest_season
    if longest is None:
        if series.season is not None:
            own = model.config.season
            series.fault(
                f"expected none, because {model} has its own of {own} steps, got {series.season}; leave it out",
                "season",
            )
        return None
    if series.season is not None:
        if series.season > longest:
            series.fault(
                f"expected 1 to {longest} steps, the longest that {model} knows, got {series.season}; leave it out, or "
                "give the series in a coarser freq",
                "season",
            )
        return min(series.season, longest)
    columns = [on_grid(values, index, most) for values in series.target.values()]
    columns = [values[: max(1, len(values) - reserved)] for values in columns]
    return season_of_values(columns, frequency_of(series, axis), longest, grows=series.session is not None)


def season_of_values(columns: Sequence[Doubles], frequency: Frequency | None, longest: int, *, grows: bool) -> int:
    """Choose a season that was not named.

    Parameters
    ----------
    columns : sequence of array of float64, each ``[T]``
        One per variable, NaN where missing.
    frequency : Frequency or None
        Distance of two values; None where nobody knows it.
    longest : int
        The longest season of the family.
    grows : bool
        Whether a session will bring more values.

    Returns
    -------
    int
        Steps.
    """
    if frequency is not None:
        usual = usual_season(frequency)
        if usual <= longest:
            found = choose_season(columns[0], str(frequency), longest=longest)
            return max(usual, found) if grows else found
    fitting = tuple(season for season in SEASONS if season <= longest)
    return next((season for values in columns if (season := detect_season(values, fitting)) > 1), 1)


def season_of_freq(frequency: Frequency, steps: int, longest: int) -> int | None:
    """Choose the season of a series by its freq alone.

    Parameters
    ----------
    frequency : Frequency
        Distance of two values.
    steps : int
        Of the series.
    longest : int
        The longest season of the family.

    Returns
    -------
    int or None
        What ``season_of_values`` gives whatever the values; None where they decide.
    """
    if usual_season(frequency) > longest or depends_on_values(frequency, steps):
        return None
    return choose_season(np.zeros(steps), str(frequency))


def frequency_of(series: SeriesRequest, axis: TimeAxis | None) -> Frequency | None:
    """Freq of the times, or the one that came without times: then it decides the season and nothing else.

    Parameters
    ----------
    series : SeriesRequest
        May name it.
    axis : TimeAxis or None
        None without times.
    """
    if axis is not None:
        return axis.frequency
    try:
        return None if series.freq is None else Frequency.parse(series.freq)
    except ConfigError:  # noted where the times were read
        return None


def on_grid(values: Doubles, index: TimeIndex | None, most: int) -> Doubles:
    """Give values a place for each step, given or not; a grid that is too long is left to those who refuse it.

    Parameters
    ----------
    values : array of float64, ``[T]``
        One variable.
    index : array of int64 or None
        Absolute index of each value and perhaps of steps after them; None where they follow one another.
    most : int
        Steps of a grid at most.
    """
    index = None if index is None else index[: len(values)]
    span = len(values) if index is None or not len(index) else int(index[-1] - index[0]) + 1
    if index is None or span == len(values) or span > most or len(index) < len(values):
        return values
    grid = np.full(span, np.nan)
    grid[index - index[0]] = values
    return grid
