"""Cross-validation and anomalies of one series by hand, in one pass each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast import metrics
from statecast.api.history import Placement, place_history, read_options
from statecast.api.whole_series import read_whole
from statecast.backtest.carried_pass import carried_forecasts
from statecast.backtest.cutoffs import Cutoffs, too_short
from statecast.backtest.whole_series import WholeSeries
from statecast.compiled import compile_network, is_built, slot_network
from statecast.errors import InputError
from statecast.layers.heads import interpolate_levels
from statecast.models.family import Family
from statecast.models.interface import SeriesNetwork
from statecast.time.seasonality import choose_season
from statecast.uncertainty.surprise import quantile_at, surprise

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SeriesBacktest:
    """Forecasts at N cut-offs of one series, F steps each.

    Parameters
    ----------
    read : NDArray
        ``[N]``, how many steps each forecast knew.
    actual : NDArray
        ``[N, F]``, what came; NaN where missing.
    mean : NDArray
        ``[N, F]`` in the target's unit.
    median : NDArray
        ``[N, F]``, likewise.
    quantiles : dict
        Level to ``[N, F]``, likewise.
    seasonal_error : NDArray
        ``[N]``, mean absolute change over one season up to the cut-off.
    times : NDArray or None
        Instants ``[N, F]`` in UTC, None without times.
    """

    read: NDArray[np.int64]
    actual: Doubles
    mean: Doubles
    median: Doubles
    quantiles: dict[float, Doubles]
    seasonal_error: Doubles
    times: NDArray[np.datetime64] | None

    def scores(self, names: Sequence[str] = ("mase", "wql", "coverage")) -> dict[str, float]:
        """Measure how far off the forecasts were, over all cut-offs.

        Parameters
        ----------
        names : sequence of str
            Metrics by name.

        Returns
        -------
        dict of str to float
            NaN where nothing was counted.
        """
        levels = sorted(self.quantiles)
        quantiles = np.stack([self.quantiles[level] for level in levels], axis=-1)
        return {
            name: metrics.get(name).score(
                self.actual, self.median, mean=self.mean, quantiles=quantiles, levels=levels,
                seasonal_error=self.seasonal_error,
            )
            for name in names
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class SeriesAnomalies:
    """How surprising each of T values is, one step ahead; the first has no forecast and is NaN.

    Parameters
    ----------
    values : NDArray
        ``[T]``, on the series' grid, NaN where missing.
    expected : NDArray
        ``[T]``, mean of the forecast made one step before.
    lower, upper : NDArray
        ``[T]``, interval of the level.
    surprise : NDArray
        ``[T]``, see ``statecast.uncertainty.surprise``.
    flag : NDArray
        ``[T]`` bool, whether the value lies outside of the interval.
    times : NDArray or None
        Instants ``[T]`` in UTC, None without times.
    """

    values: Doubles
    expected: Doubles
    lower: Doubles
    upper: Doubles
    surprise: Doubles
    flag: NDArray[np.bool_]
    times: NDArray[np.datetime64] | None


def backtest_series(
    network: SeriesNetwork | Family,
    history: Any,
    horizon: int | None = None,
    *,
    cutoffs: int = 1,
    step: int | None = None,
    quantile_levels: Sequence[float] | None = None,
    **options: Any,
) -> SeriesBacktest:
    """Forecast a series at cut-offs that count back from its end, the state carried through it once.

    Parameters
    ----------
    network : SeriesNetwork or Family
        What forecasts.
    history : sequence of float
        T observations, None or NaN where missing.
    horizon : int, optional
        Steps ahead F; left out, the model's.
    cutoffs : int
        How many, N.
    step : int, optional
        Steps from one to the next; left out, the horizon.
    quantile_levels : sequence of float, optional
        Within the trained ones; left out, the trained ones.
    **options
        Times and covariates, as in ``statecast.api.whole_series.read_whole``; of a family ``season`` too.

    Returns
    -------
    SeriesBacktest
        What one forecast per cut-off would give.

    Raises
    ------
    InputError
        If the series is too short, or something of it does not fit.
    """
    wanted = network.config.horizon if horizon is None else horizon
    if min(wanted, cutoffs, wanted if step is None else step) < 1:
        raise InputError(f"horizon, cutoffs, step: expected whole numbers from 1, got {wanted}, {cutoffs}, {step}")
    cuts = Cutoffs(cutoffs, step or wanted, wanted)
    own, whole, placed, values = _read(network, history, cuts, **options)
    found = _collect(own, whole, cuts)
    trained = own.config.quantile_levels
    levels = tuple(quantile_levels or trained)
    chosen = interpolate_levels(found[0], trained, levels)
    read = cuts.read(whole.steps)
    ahead = read[:, None] + np.arange(wanted)
    times = None if placed.axis is None else placed.axis.instants(placed.first + ahead.ravel()).reshape(ahead.shape)
    by_level = {level: chosen[..., place] for place, level in enumerate(levels)}
    median = found[0][..., trained.index(0.5)]
    return SeriesBacktest(read, values[ahead], found[1], median, by_level, found[2], times)


def anomalies_of(network: SeriesNetwork | Family, history: Any, level: float = 99.0, **options: Any) -> SeriesAnomalies:
    """Compare each value of a series with the forecast made one step before it.

    Parameters
    ----------
    network : SeriesNetwork or Family
        What forecasts.
    history : sequence of float
        T observations, None or NaN where missing.
    level : float
        Percent of values that are expected inside of the interval.
    **options
        As in ``backtest_series``.

    Returns
    -------
    SeriesAnomalies
        T values.

    Raises
    ------
    InputError
        If the level is none, or something of the series does not fit.
    """
    if not 0 < level < 100:
        raise InputError(f"level: expected percent within (0, 100), got {level}")
    own, whole, placed, values = _read(network, history, Cutoffs(1, 1, 1), **options)
    found = _collect(own, whole, Cutoffs(whole.steps - 1, 1, 1))
    quantiles, trained = found[0][:, 0], own.config.quantile_levels
    ends = 0.5 - level / 200, 0.5 + level / 200
    none = np.full(1, np.nan)
    parts = [
        found[1][:, 0],
        *(quantile_at(quantiles, trained, end) for end in ends),
        surprise(quantiles, values[1:], trained),
    ]
    expected, lower, upper, share = (np.concatenate([none, part]) for part in parts)
    times = None if placed.axis is None else placed.axis.instants(placed.first + np.arange(whole.steps))
    return SeriesAnomalies(values, expected, lower, upper, share, (share < ends[0]) | (share > ends[1]), times)


def _read(
    network: SeriesNetwork | Family, history: Any, cuts: Cutoffs, *, season: int | None = None, **options: Any
) -> tuple[SeriesNetwork, WholeSeries, Placement, Doubles]:
    """Encode a series; of a family take the member of the season that shows before the first cut-off."""
    if isinstance(network, Family):
        times = {name: options[name] for name in ("start", "timestamps", "freq") if name in options}
        others = {name: value for name, value in options.items() if name not in times}
        freq = times.get("freq")
        placed = place_history(
            len(history), times.get("start"), times.get("timestamps"), freq, None, read_options(others)
        )
        grid = np.asarray(placed.spread(np.asarray(history, dtype=np.float64)), dtype=np.float64)
        own = freq if placed.axis is None else str(placed.axis.frequency)
        known = grid[: max(1, cuts.first(len(grid)))] if cuts.horizon > 1 or cuts.count > 1 else grid
        network = network.of(choose_season(known, own, season), own).eval()
    elif season is not None:
        raise InputError(f"season: expected none, because the model has its own, got {season}; leave it out")
    whole, placed = read_whole(network, history, **options)
    if cuts.first(whole.steps) < 1:
        raise too_short(whole.steps, cuts)
    values = np.asarray(placed.spread(np.asarray(history, dtype=np.float64)), dtype=np.float64)
    return network, whole, placed, values


def _collect(network: SeriesNetwork, whole: WholeSeries, cuts: Cutoffs) -> tuple[Doubles, Doubles, Doubles]:
    """Quantiles ``[N, F, Q]``, mean ``[N, F]`` and seasonal error ``[N]``."""
    compiled = compile_network(network) if is_built() else None
    blocks = [one for one in carried_forecasts(slot_network(compiled or network), [whole], cuts) if one is not None]
    return (
        np.concatenate([one.quantiles[0] for one in blocks]),
        np.concatenate([one.mean[0] for one in blocks]),
        np.concatenate([one.seasonal_error[0] for one in blocks]),
    )
