"""Flat series of nixtla's SDK as series of our own requests, its nameless columns as covariates of the model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from service.codecs.faults import raise_faults
from service.codecs.number_array import Values
from service.errors import Fault, TooLarge
from service.models.model import Model
from service.protocols.forecast.series import SeriesRequest
from service.protocols.nixtla.requests import FlatSeries
from service.settings import Settings
from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.time.frequency import Frequency


@dataclass(frozen=True)
class NativeSeries:
    """The series of a request.

    Parameters
    ----------
    series : list of SeriesRequest
        One by one.
    sizes : list of int
        Values of each.
    columns : int
        Exogenous columns that came.
    used : bool
        Whether the model takes them.
    warnings : tuple of (str, str)
        Code and detail of what the client should know of all series.
    """

    series: list[SeriesRequest]
    sizes: list[int]
    columns: int
    used: bool
    warnings: tuple[tuple[str, str], ...]


@dataclass
class _Columns:
    """Rows of X by the names that the model has for them."""

    ahead: dict[str, int] = field(default_factory=dict)
    past: dict[str, int] = field(default_factory=dict)


def native_series(
    flat: FlatSeries,
    freq: str | None,
    model: Model,
    settings: Settings,
    horizon: int = 0,
    past: Sequence[int] | None = None,
) -> NativeSeries:
    """Take flat series apart.

    Parameters
    ----------
    flat : FlatSeries
        As they came.
    freq : str or None
        As it came.
    model : Model
        What will forecast them.
    settings : Settings
        Limits.
    horizon : int
        Steps ahead for which ``X_future`` is known; 0 where only the history is read.
    past : sequence of int or None
        Columns of X that are not known ahead, where no ``X_future`` says so.

    Returns
    -------
    NativeSeries
        Not checked against the model yet but for its columns.

    Raises
    ------
    Unprocessable, TooLarge
        If lengths do not agree, there are too many series, or the model takes other columns.
    """
    if len(flat.sizes) > settings.max_series:
        raise TooLarge(
            f"series.sizes: expected at most {settings.max_series} series (STATECAST_MAX_SERIES), got "
            f"{len(flat.sizes)}; raise num_partitions"
        )
    _check_lengths(flat, horizon)
    warnings: list[tuple[str, str]] = []
    columns = _assigned(flat, model, horizon, past, warnings)
    freq = _known(freq, warnings)
    ends = np.cumsum(flat.sizes).tolist()
    series = []
    for place, (size, end) in enumerate(zip(flat.sizes, ends, strict=True)):
        rows = slice(end - size, end)
        one = SeriesRequest(
            target={"": flat.y[rows]},
            start=flat.start_datetime[place] if flat.start_datetime and freq else None,
            freq=freq,
        )
        one.loc = ("series", place)
        _add_columns(one, flat, columns, rows, slice(place * horizon, (place + 1) * horizon))
        series.append(one)
    used = bool(columns.ahead or columns.past)
    return NativeSeries(series, flat.sizes, len(flat.X or ()), used, tuple(warnings))


def _known(freq: str | None, warnings: list[tuple[str, str]]) -> str | None:
    """The freq, unless our calendar has none of that name: replies bring no times, so it only costs the season."""
    try:
        return freq if freq is None or Frequency.parse(freq) else None
    except ConfigError:
        detail = f"freq: {freq!r} is none of this server's; the values are taken as equally spaced, without times"
        warnings.append(("unknown_freq", detail))
        return None


def _check_lengths(flat: FlatSeries, horizon: int) -> None:
    values, count = len(flat.y), len(flat.sizes)
    faults = []
    if sum(flat.sizes) != values:
        faults.append(Fault(("series", "sizes"), f"expected sizes of {values} values in all, got {sum(flat.sizes)}"))
    if flat.start_datetime is not None and len(flat.start_datetime) != count:
        message = f"expected {count} times, one per series, got {len(flat.start_datetime)}"
        faults.append(Fault(("series", "start_datetime"), message))
    for name, columns, length in (("X", flat.X, values), ("X_future", flat.X_future, count * horizon)):
        for place, column in enumerate(columns or ()):
            if len(column) != length:
                message = f"expected {length} values, got {len(column)}"
                faults.append(Fault(("series", name, place), message))
    if len(flat.X_future or ()) > len(flat.X or ()):
        message = f"expected the history of each of the {len(flat.X_future or ())} columns first in X"
        faults.append(Fault(("series", "X"), message))
    wrong = [place for place in flat.categorical_exog or () if place >= len(flat.X or ())]
    if wrong:
        message = f"expected places in X, which has {len(flat.X or ())} columns, got {wrong[0]}"
        faults.append(Fault(("series", "categorical_exog"), message))
    raise_faults(faults)


def _assigned(
    flat: FlatSeries,
    model: Model,
    horizon: int,
    past: Sequence[int] | None,
    warnings: list[tuple[str, str]],
) -> _Columns:
    """Give columns, which come without names, those of the model's covariates, in its order."""
    count, config = len(flat.X or ()), model.config
    found = _Columns()
    if not count:
        return found
    if model.takes_covariates:
        return _numbered(flat, horizon, past, warnings)
    if not config.past_covariates and not config.future_covariates:
        detail = (
            f"series.X: {count} exogenous columns came and none was used, because {model} takes no covariates: the "
            "answer is made from the values alone; fit a model with them (docs/howto/nixtla.md)"
        )
        warnings.append(("covariates_not_used", detail))
        return found
    texts = set(flat.categorical_exog or ())
    names, faults = _names(config), []
    for group, places in _groups(flat, texts, horizon, past).items():
        wanted = [name for kind in group for name in names[kind]]
        if len(places) != len(wanted):
            faults.append(f"{', '.join(wanted) or 'none'} ({_WORDS[group]}), got {len(places)}")
        for name, place in zip(wanted, places, strict=False):
            (found.ahead if name in names["ahead"] + names["ahead texts"] else found.past)[name] = place
    if faults:
        message = f"expected the columns of {model} in its order: {'; '.join(faults)}"
        raise_faults([Fault(("series", "X"), message)], "covariates_differ")
    told = ", ".join(f"X[{place}] as {name}" for name, place in {**found.ahead, **found.past}.items())
    warnings.append(("covariates_by_position", f"columns come without names, so their order decides: {told}"))
    return found


def _numbered(flat: FlatSeries, horizon: int, past: Sequence[int] | None, warnings: list[tuple[str, str]]) -> _Columns:
    """Give columns that are known ahead numbers for names, for a model that takes any; others are not used."""
    every = range(len(flat.X or ()))
    known = set(every[: len(flat.X_future or ())]) if horizon else set(every) - set(past or ())
    unused = [f"X[{place}]" for place in every if place not in known]
    if unused:
        detail = (
            f"series.X: {', '.join(unused)[:200]} was not used, because it is not known ahead and the model has not "
            "learned from it; give it in X_df, or fit a model with it (docs/howto/nixtla.md)"
        )
        warnings.append(("covariates_not_used", detail))
    return _Columns(ahead={f"X[{place}]": place for place in sorted(known)})


_WORDS = {
    ("ahead",): "numbers known ahead",
    ("ahead texts",): "texts known ahead",
    ("past",): "numbers of the past",
    ("past texts",): "texts of the past",
    ("ahead texts", "past texts"): "texts",
}


def _names(config: ForecasterConfig) -> dict[str, list[str]]:
    return {
        f"{when}{kind}": [one.name for one in own if bool(one.levels) == bool(kind)]
        for when, own in (("ahead", config.future_covariates), ("past", config.past_covariates))
        for kind in ("", " texts")
    }


def _groups(
    flat: FlatSeries, texts: set[int], horizon: int, past: Sequence[int] | None
) -> dict[tuple[str, ...], list[int]]:
    """Rows of X by what is known of them. A history alone does not say which texts are known ahead."""
    every = range(len(flat.X or ()))
    if horizon:
        known = len(flat.X_future or ())
        return {
            ("ahead",): [place for place in every[:known] if place not in texts],
            ("ahead texts",): [place for place in every[:known] if place in texts],
            ("past",): [place for place in every[known:] if place not in texts],
            ("past texts",): [place for place in every[known:] if place in texts],
        }
    seen = set(past or ())
    return {
        ("ahead",): [place for place in every if place not in texts | seen],
        ("past",): [place for place in every if place in seen - texts],
        ("ahead texts", "past texts"): [place for place in every if place in texts],
    }


def _add_columns(one: SeriesRequest, flat: FlatSeries, columns: _Columns, rows: slice, ahead: slice) -> None:
    history: list[Values] = flat.X or []
    for name, place in columns.past.items():
        one.past_covariates[name] = history[place][rows]
    for name, place in columns.ahead.items():
        known = history[place][rows]
        if flat.X_future is not None:
            known = np.concatenate([known, flat.X_future[place][ahead]])
        one.future_covariates[name] = known
