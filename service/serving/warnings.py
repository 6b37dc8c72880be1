"""What makes a forecast less than it could be, said beside it."""

from collections.abc import Iterator

import numpy as np

from service.models.model import Model
from service.sessions.series_input import Doubles, SeriesInput
from service.sessions.session_update import SessionUpdate
from service.stores.interface import Record
from statecast.config import ForecasterConfig


def session_warnings(
    series: SeriesInput, update: SessionUpdate, before: Record | None, after: Record
) -> tuple[tuple[str, str], ...]:
    """Name a session that was opened with a single value, often another's id, mistyped; and one that changed its model.

    Parameters
    ----------
    series : SeriesInput
        The request's series.
    update : SessionUpdate
        What the session becomes.
    before : Record or None
        The session as it stood; None where it is opened.
    after : Record
        The session as it will stand.

    Returns
    -------
    tuple of (str, str)
        Code and detail, or nothing.
    """
    if before is not None:
        if before.model == after.model:
            return ()
        detail = (
            f"session {after.name[:80]!r} was made by {before.model_name}; {after.model_name} has read the last "
            f"{update.replayed} steps, which it keeps, and goes on from these"
        )
        return (("reprimed", detail),)
    if np.count_nonzero(~np.isnan(update.values).all(axis=0)) > 1:
        return ()
    session = str(series.session)[:80]
    detail = (
        f"session {session!r} did not exist and was opened with one value; if it should have existed, check the id "
        "(open: false refuses an unknown one), DELETE it and send the value again"
    )
    return (("opened_with_one_value", detail),)


def warnings_of(
    model: Model, series: SeriesInput, update: SessionUpdate, read: int, freq: str | None
) -> tuple[tuple[str, str], ...]:
    """List what makes a forecast less than it could be.

    Parameters
    ----------
    model : Model
        What forecast.
    series : SeriesInput
        What the request brought; its own warnings come first.
    update : SessionUpdate
        What of it was new.
    read : int
        Steps that the series has had so far.
    freq : str or None
        Of the series, None without times.

    Returns
    -------
    tuple of (str, str)
        Code and detail of each.
    """
    warnings = list(series.warnings)
    warnings += history_warnings(model.config, read, update.tail.shape[1], constant=is_constant(update.tail), freq=freq)
    warnings += [("resolution_missing", detail) for detail in _without(model, update)]
    if update.sparse:
        warnings.append(("mostly_missing", update.sparse))
    if update.gap:
        warnings.append(("gap_filled", f"{update.gap} steps were not given; missing is {series.missing!r}"))
    return tuple(warnings)


def history_warnings(
    config: ForecasterConfig, read: int, tail: int, *, constant: bool, freq: str | None
) -> list[tuple[str, str]]:
    """List what a history lacks.

    Parameters
    ----------
    config : ForecasterConfig
        Of the network.
    read : int
        Steps that the series has had so far.
    tail : int
        Last steps that are kept.
    constant : bool
        Whether these are all the same.
    freq : str or None
        Of the series, None without times.

    Returns
    -------
    list of (str, str)
        Code and detail of each.
    """
    warnings = []
    if read < max(2 * config.season, config.patch_length):
        warnings.append(("short_history", f"{read} of {config.lookback_length} steps given"))
    if constant:
        warnings.append(("constant_history", f"the last {tail} steps are all the same"))
    if config.calendar and freq is None:
        warnings.append(("calendar_missing", "the model reads the calendar, but the series has no times"))
    return warnings


def _without(model: Model, update: SessionUpdate) -> Iterator[str]:
    """Say of which lower frequencies buckets ended without a value."""
    if not model.config.mixed_frequency:
        return
    index = update.time_index + 1 + np.arange(update.target.shape[1])
    for place, (name, length) in enumerate(model.config.mixed_frequency_names.items()):
        own = update.mixed_frequency[:, place, (index + 1) % length == 0]
        missing = int(np.isnan(own).all(axis=0).sum())
        opened = update.first_index == update.time_index + 1
        if opened and missing == own.shape[1] and np.isnan(update.coarse_history[:, place]).all():
            yield f"{name}: no value came at all; the model is given this resolution, see resolutions"
        elif missing:
            yield f"{name}: no value came for {missing} of the {own.shape[1]} buckets that ended; they are missing now"


def is_constant(tail: Doubles) -> bool:
    """Whether every variable has had one value throughout.

    Parameters
    ----------
    tail : array of float64, ``[V, T]``
        Last steps, NaN where missing.
    """
    if tail.shape[1] < 2:
        return False
    first, last = tail[0, -2], tail[0, -1]
    if first != last and not np.isnan(first) and not np.isnan(last):
        return False  # the usual case, at a fraction of the time
    return bool((np.fmin.reduce(tail, axis=1) == np.fmax.reduce(tail, axis=1)).all())
