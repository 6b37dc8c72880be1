"""Given coarse resolutions of a request: names that the model knows, starts that lie on buckets, lengths that agree."""

from collections.abc import Mapping

import numpy as np

from service.codecs.faults import quoted
from service.codecs.number_array import Doubles
from service.protocols.forecast.series.request import ResolutionRequest, SeriesRequest
from service.protocols.forecast.series.timeline import TimeIndex, read_times
from service.sessions.series_input import Coarse
from service.settings import Settings
from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.layers.mixed_frequency import explain_bucket_start
from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps
from statecast.time.wall_times import wall_or_utc


def read_resolutions(series: SeriesRequest, config: ForecasterConfig, settings: Settings) -> dict[str, Coarse]:
    """Read the values of a series' lower frequencies.

    Parameters
    ----------
    series : SeriesRequest
        Has ``resolutions``; what is wrong is noted in their faults.
    config : ForecasterConfig
        Of the model.
    settings : Settings
        Limits.

    Returns
    -------
    dict of str to Coarse
        By the model's own name of each resolution.
    """
    found: dict[str, Coarse] = {}
    for requested, one in series.resolutions.items():
        name = _name(requested, config.mixed_frequency_names)
        where = ("resolution", 0) if one.table else ()
        if name is None:
            known = ", ".join(config.mixed_frequency_names) or "none"
            mend = "leave it out, or the cell empty for the series' own steps" if one.table else "leave it out"
            one.fault(
                f"expected a resolution whose values the model is given ({known}), got {quoted(requested)}; {mend}",
                *where,
            )
        elif name in found:
            one.fault(f"expected each resolution once, got {name} twice; leave one out", *where)
        elif _agrees(one, series.target):
            index = _buckets(one, Frequency.parse(name), Frequency.parse(config.freq or "1s"))
            if index is not None and _fits(one, index, settings.max_history):
                found[name] = _in_place(index, np.stack([one.target[variable] for variable in series.target]))
    return found


def _name(requested: str, known: Mapping[str, int]) -> str | None:
    """The model's own name for a freq, however it is written."""
    try:
        freq = Frequency.parse(requested)
        own = {name: Frequency.parse(name) for name in known}
    except ConfigError:
        return None
    alike = (name for name, other in own.items() if freq.same_step(other))
    return next(alike, None)


def _agrees(one: ResolutionRequest, own: Mapping[str, np.ndarray]) -> bool:
    if set(one.target) != set(own):
        wanted = ", ".join(map(repr, own)) if list(own) != [""] else "a single list"
        one.fault(f"expected the variables of the series' own target ({wanted})", "target")
        return False
    lengths = {len(values) for values in one.target.values()}
    if len(lengths) > 1:
        one.fault(f"expected equally many values per variable, got {sorted(lengths)}; fill up with null", "target")
    return len(lengths) <= 1


def _buckets(one: ResolutionRequest, freq: Frequency, base: Frequency) -> TimeIndex | None:
    """Number of the bucket of each value, None where that cannot be read; ``base``: of the series' own steps."""
    steps = max(map(len, one.target.values()), default=0)
    column = "timestamp" if one.table else "start"
    if one.start is None and one.timestamps is None:
        what = "the time at which each value's" if one.table else "the time at which the first value's"
        one.fault(f"expected {what} bucket begins, got none; give times", column)
        return None
    stamps = read_times(one)
    if not isinstance(stamps, Stamps):
        if stamps is not None:
            one.fault("expected the time at which each value's bucket begins, got counted steps; give times", column)
        return None
    # Buckets are made of base steps, so both follow the same clock, local or UTC.
    instants = wall_or_utc(stamps, base)
    index, offsets = freq.place(instants)
    within = np.flatnonzero(offsets)
    if len(within):
        one.fault(explain_bucket_start(freq, instants[within[0]]), column, *([int(within[0])] if one.table else []))
        return None
    return index if one.table else index[0] + np.arange(steps, dtype=np.int64)


def _fits(one: ResolutionRequest, index: TimeIndex, most: int) -> bool:
    span = int(index[-1] - index[0]) + 1 if len(index) else 0
    if span > most:
        one.fault(f"expected at most {most} buckets from the first to the last, got {span}; send the newest", "target")
    return span <= most


def _in_place(index: TimeIndex, values: Doubles) -> Coarse:
    """Values with a place for each bucket, given or not."""
    first = int(index[0]) if len(index) else 0
    whole = np.full((len(values), int(index[-1]) - first + 1 if len(index) else 0), np.nan)
    whole[:, index - first] = values
    return Coarse(first, whole)
