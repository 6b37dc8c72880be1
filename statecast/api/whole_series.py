"""A history in a notebook as the arrays that a network reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.api.coarse_series import read_coarse_series
from statecast.api.history import Placement, place_history, read_options
from statecast.backtest.whole_series import WholeSeries
from statecast.config import ForecasterConfig
from statecast.errors import InputError
from statecast.inputs.covariates import encode_covariates
from statecast.inputs.level import deviations, find_level
from statecast.models.interface import SeriesNetwork
from statecast.time.features import calendar_features, calendar_width


def read_values(history: Any) -> NDArray[np.float64]:
    """Read the values of a series.

    Parameters
    ----------
    history : sequence of float
        T observations, None or NaN where missing.

    Returns
    -------
    ndarray, shape [T], float64
        NaN where missing.

    Raises
    ------
    InputError
        If it is no list of numbers, or nothing was observed.
    """
    target = np.asarray(history, dtype=np.float64)
    if target.ndim != 1 or not np.isfinite(target).any():
        raise InputError(f"history: expected a list of numbers, at least one, got shape {target.shape} without any")
    return target


def read_whole(
    network: SeriesNetwork,
    history: Any,
    ahead: int = 0,
    *,
    start: Any = None,
    timestamps: Any = None,
    freq: str | None = None,
    past_covariates: Mapping[str, Sequence[Any]] | None = None,
    future_covariates: Mapping[str, Sequence[Any]] | None = None,
    static_covariates: Mapping[str, Any] | None = None,
    resolutions: Mapping[str, tuple[Any, Sequence[Any]]] | None = None,
    **time_options: Any,
) -> tuple[WholeSeries, Placement]:
    """Encode a series for a network.

    Parameters
    ----------
    network : SeriesNetwork
        What reads it.
    history : sequence of float
        T observations, None or NaN where missing.
    ahead : int
        Steps after the history whose calendar and covariates are wanted too, at the end of ``known``.
    start, timestamps, freq : optional
        Its times, as in ``forecast_series``.
    past_covariates, future_covariates : mapping, optional
        T values each; future ones with those ahead, as in ``forecast_series``.
    static_covariates : mapping, optional
        One value each.
    resolutions : mapping, optional
        As in ``forecast_series``.
    **time_options
        As in ``forecast_series``.

    Returns
    -------
    WholeSeries
        Of one variable, one step per step of its grid from the first observed value on.
    Placement
        Where its steps lie.

    Raises
    ------
    InputError
        If nothing was observed, or a length, a name or a time does not fit.
    """
    config, target, options = network.config, read_values(history), read_options(time_options)
    placed = place_history(len(target), start, timestamps, freq, config.freq, options)
    steps, times = placed.span, None if config.freq is None else placed.times(ahead)
    known, past = (
        {name: _on_grid(name, values, len(target), some, placed) for name, values in (given or {}).items()}
        for given, some in ((future_covariates, ahead), (past_covariates, 0))
    )
    columns = np.zeros((steps + ahead, calendar_width(config.calendar)), dtype=np.float32)
    if times is not None:
        columns = calendar_features(config.calendar, times)
    level = np.atleast_1d(find_level(target) if network.takes_deviations else np.float64(0.0))
    grid = np.asarray(placed.spread(target), dtype=np.float64)
    # Nothing is known of a series before its first value: a network would take missing ones for its age.
    missing = int(np.argmax(np.isfinite(grid)))
    before = placed.first - 1 + missing
    mixed, coarse = read_coarse_series(config, resolutions or {}, options, before, steps - missing)
    lower, ahead_too = bool(config.mixed_frequency), (steps + ahead,)
    known_columns = np.concatenate([columns, encode_covariates(config.future_covariates, known, ahead_too)], axis=1)
    return WholeSeries(
        before=before,
        target=deviations(grid[None, missing:], level),
        past=encode_covariates(config.past_covariates, past, (steps,))[missing:],
        known=known_columns[missing:],
        static=encode_covariates(config.static_covariates, dict(static_covariates or {}), ()),
        level=level,
        mixed_frequency=mixed.numpy().astype(np.float32) if lower else None,
        coarse_history=coarse.numpy().astype(np.float32) if lower else None,
    ), placed


def encode_more(
    config: ForecasterConfig,
    target: NDArray[np.float64],
    placed: Placement,
    level: NDArray[np.float64],
    *,
    past_covariates: Mapping[str, Sequence[Any]] | None = None,
    future_covariates: Mapping[str, Sequence[Any]] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Encode observations that go on from earlier ones.

    Parameters
    ----------
    config : ForecasterConfig
        Of what reads them.
    target : NDArray
        ``[T]`` float64, NaN where missing.
    placed : Placement
        Where they lie, from the step after the last one.
    level : NDArray
        ``[1]``, what the series is read as deviations from.
    past_covariates, future_covariates : mapping, optional
        T values each.

    Returns
    -------
    target : NDArray
        ``[1, S]`` float32, S steps.
    past : NDArray
        ``[1, S, Cp]`` float32.
    known : NDArray
        ``[1, S, Ck]`` float32.

    Raises
    ------
    InputError
        If a length or a name does not fit.
    """
    steps = placed.span
    past, future = (
        {name: _on_grid(name, values, len(target), 0, placed) for name, values in (given or {}).items()}
        for given in (past_covariates, future_covariates)
    )
    columns = np.zeros((steps, calendar_width(config.calendar)), dtype=np.float32)
    if placed.axis is not None and config.freq is not None:
        columns = calendar_features(config.calendar, placed.axis.times(placed.first + np.arange(steps)))
    known = np.concatenate([columns, encode_covariates(config.future_covariates, future, (steps,))], axis=1)
    grid = np.asarray(placed.spread(target), dtype=np.float64)
    return deviations(grid[None], level), encode_covariates(config.past_covariates, past, (steps,))[None], known[None]


def known_ahead(
    config: ForecasterConfig, last: Placement, ahead: int, future_covariates: Mapping[str, Sequence[Any]] | None
) -> NDArray[np.float32]:
    """Encode what is known of the steps to come.

    Parameters
    ----------
    config : ForecasterConfig
        Of what reads it.
    last : Placement
        Of the last step that was read.
    ahead : int
        Steps F.
    future_covariates : mapping or None
        F values each.

    Returns
    -------
    NDArray
        ``[F, Ck]`` float32.
    """
    to_come = Placement(last.axis, last.first + 1, np.arange(ahead))
    nothing = np.full(ahead, np.nan)
    _, _, known = encode_more(config, nothing, to_come, np.zeros(1), future_covariates=future_covariates)
    return known.reshape(ahead, -1)


def _on_grid(name: str, values: Sequence[Any], steps: int, ahead: int, placed: Placement) -> Sequence[Any]:
    """One value per step of the grid and of those ahead, None where unknown."""
    if not ahead:
        if len(values) != steps:
            raise InputError(f"covariate {name!r}: expected {steps} values, one per value, got {len(values)}")
        found: Sequence[Any] = placed.spread(values)
        return found
    every = list(values)
    if len(every) == ahead:
        return [None] * placed.span + every
    if steps < len(every) <= steps + ahead:
        return [*placed.spread(every[:steps]), *every[steps:], *[None] * (steps + ahead - len(every))]
    raise InputError(
        f"covariate {name!r}: expected {steps} values of history and up to {ahead} ahead, or the {ahead} ahead alone, "
        f"got {len(every)}"
    )
