"""Where the values of a plain series lie, how its forecast goes on from there, and what network reads it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from service.engine import History
from service.models.model import Model
from service.models.value_bounds import bounds_of
from service.protocols.forecast.histories.body import PlainSeries
from service.protocols.forecast.histories.placed import Placed
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.series.season import frequency_of, season_of_freq, season_of_values
from service.protocols.forecast.series.timeline import check_reach, read_timeline
from service.resident.calendar import calendar_columns
from service.serving.warnings import history_warnings, is_constant
from statecast.config import ForecasterConfig
from statecast.errors import StatecastError
from statecast.placement import check_gaps
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency

_TARGET = {"": np.zeros(1)}


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """Times of a series.

    Parameters
    ----------
    first : int
        Time index of the first value.
    freq : str or None
        Canonical; None without times.
    offset : int
        Of each time within its step.
    next_time : str or None
        When the forecast begins; None without times.
    season : int or None
        That of its freq, for a family; None where the values decide.
    frequency : Frequency or None
        What they decide by; None where nobody knows it.
    warnings : tuple of (str, str)
        Code and detail of each.
    """

    first: int
    freq: str | None
    offset: int
    next_time: str | None
    season: int | None
    frequency: Frequency | None
    warnings: tuple[tuple[str, str], ...]


def place_series(series: PlainSeries, model: Model, horizon: int) -> Placed | None:
    """Place a series on its time axis and choose its network.

    Parameters
    ----------
    series : PlainSeries
        At least one of its values is there.
    model : Model
        What is to forecast, whole.
    horizon : int
        Steps F.

    Returns
    -------
    Placed or None
        None where the general way is to say what is wrong, if anything is.
    """
    values, steps = series.values, len(series.values)
    own_freq, longest = _traits(model)
    place = _place(series.start, series.freq, series.from_index, own_freq, steps, horizon, longest)
    if place is None:
        return None
    season = series.season
    if longest is None:
        if season is not None:
            return None
    elif season is None:
        season = place.season or season_of_values([values], place.frequency, longest, grows=False)
    elif season > longest:
        return None
    key, config, takes_deviations = _member(model, season)
    before, warnings = place.first - 1, list(place.warnings)
    if horizon > config.horizon:
        return None
    gaps = bool(np.isnan(values.dot(values)))
    if gaps:  # a series begins with its first value
        missing = np.isnan(values)
        lead = int(missing.argmin())
        values, missing, steps, before = values[lead:], missing[lead:], steps - lead, before + lead
    tail = values[-config.lookback_length :]
    warnings += history_warnings(config, steps, len(tail), constant=is_constant(tail[None]), freq=place.freq)
    if gaps and steps > 1:
        try:
            sparse = check_gaps(steps - int(missing.sum()), steps, place.freq or "the series")
        except StatecastError:
            return None
        if sparse:
            warnings.append(("mostly_missing", sparse))
    known = calendar_columns(config.calendar, place.freq, place.offset, before, steps + horizon)
    level = float(values[0]) if takes_deviations else 0.0
    lower, upper = _ends(model, below_zero=bool(np.fmin.reduce(values) < 0))
    history = History(key, before, (values - level).astype(np.float32), known, level, lower, upper)
    return Placed(history, series.item_id, place.next_time, place.freq, season, warnings)


@lru_cache(maxsize=64)
def _traits(model: Model) -> tuple[str | None, int | None]:
    return model.config.freq, model.longest_season


@lru_cache(maxsize=256)
def _member(model: Model, season: int | None) -> tuple[str, ForecasterConfig, bool]:
    member = model.member(season)
    return member.key, member.config, member.takes_deviations


@lru_cache(maxsize=64)
def _ends(model: Model, *, below_zero: bool) -> tuple[float, float]:
    bounds = bounds_of(model, None, [below_zero])
    return bounds.lower[0], bounds.upper[0]


@lru_cache(maxsize=4096)  # series that are observed together share their times
def _place(
    start: str | None,
    freq: str | None,
    from_index: int | None,
    model_freq: str | None,
    steps: int,
    horizon: int,
    longest: int | None,
) -> Place | None:
    series = SeriesRequest(target=_TARGET, start=start, freq=freq, from_index=from_index)
    warnings: list[tuple[str, str]] = []
    try:
        axis, index, _ = read_timeline(series, steps, model_freq, warnings)
        check_reach(series, axis, index, horizon)
    except StatecastError:
        return None
    if series.faults or series.unclear_freq:
        return None
    first = 0 if index is None else int(index[0])
    frequency = frequency_of(series, axis)
    season = None if frequency is None or longest is None else season_of_freq(frequency, steps, longest)
    if axis is None:
        return Place(first, None, 0, None, season, frequency, tuple(warnings))
    canonical = str(axis.frequency)
    written = TimeAxis(Frequency.parse(canonical), axis.offset, axis.zone)
    next_time = written.texts(np.array([first + steps], dtype=np.int64))[0]
    return Place(first, canonical, axis.offset, next_time, season, frequency, tuple(warnings))
