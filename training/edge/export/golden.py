"""What an export must forecast: what the library forecasts, from a series that reaches every part of the network."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from statecast.config import ForecasterConfig
from statecast.inputs.level import deviations, find_level
from statecast.models.forecaster import Forecaster
from statecast.state.lookback import Observations
from training.errors import TrainingError

Doubles = NDArray[np.float64]
EQUAL = 1e-4
"""Largest difference of a float32 export from the library, as a share of the series' spread."""
SAME_WEIGHTS = 0.02
"""Largest difference of whole activations from float32 ones, with the same int8 weights."""
ROUNDED = 0.15
"""Largest difference of a quantile with int8 weights from that with float32 ones."""
_CUTS = (0.25, 0.5, 0.75, 1.0)


def golden_values(config: ForecasterConfig) -> Doubles:
    """Make the series: a wave over the season, a trend, a far-off level, gaps, and a missing first value.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    Returns
    -------
    array
        ``[T]`` float64, NaN missing.
    """
    steps = np.arange(min(2 * config.lookback_length, 1500))
    wave = np.sin(2 * np.pi * steps / max(config.season, 2)) + 0.3 * np.sin(steps / 3.7) + steps / len(steps)
    values = 1e6 + 10.0 * wave
    values[[0, len(steps) // 3, len(steps) // 2]] = np.nan
    values[len(steps) // 5 : len(steps) // 5 + 3] = np.nan
    return values


def golden_forecasts(network: Forecaster, values: Doubles) -> list[Doubles]:
    """Forecast after each quarter of a series with the library.

    Parameters
    ----------
    network : Forecaster
        The network.
    values : array
        ``[T]`` float64, NaN missing.

    Returns
    -------
    list of array
        Quantiles ``[F, Q]`` in the target's unit.
    """
    level = float(find_level(values))
    target = torch.from_numpy(deviations(values, level))[None]
    nothing = torch.zeros(1, target.shape[1], 0)
    found = []
    with torch.inference_mode():
        for end in cuts_of(values):
            state = network.fresh(torch.tensor([-1]), torch.zeros(1, 0))
            state = network.prime(Observations(target[:, :end], nothing[:, :end], nothing[:, :end]), state)
            quantiles = network.decode(state, torch.zeros(1, network.config.horizon, 0)).quantiles()
            found.append(np.asarray(level + quantiles[0].numpy()))
    return found


def cuts_of(values: Doubles) -> list[int]:
    """Say after how many values the forecasts are made that are compared.

    Parameters
    ----------
    values : array
        ``[T]``, the series.

    Returns
    -------
    list of int
        Ascending; the last is T.
    """
    return [int(len(values) * share) for share in _CUTS]


def largest_difference(values: Doubles, expected: list[Doubles], got: Iterable[Doubles]) -> float:
    """Compare forecasts.

    Parameters
    ----------
    values : array
        The series.
    expected, got : list or iterable of array
        Quantiles ``[F, Q]``, forecast by forecast.

    Returns
    -------
    float
        Largest difference, as a share of the series' spread; NaN if anything is NaN.
    """
    spread = float(np.nanstd(values))
    return float(np.max([np.abs(one - other).max() for one, other in zip(expected, got, strict=True)])) / spread


def check(what: str, difference: float, tolerance: float) -> None:
    """Refuse an export that differs from the library.

    Parameters
    ----------
    what : str
        What was compared.
    difference : float
        What ``largest_difference`` gave.
    tolerance : float
        Most that is allowed.

    Raises
    ------
    TrainingError
        If it is more, or no number.
    """
    if not difference <= tolerance:
        raise TrainingError(
            f"{what}: expected the library's forecasts within {tolerance:g} of the series' spread, got a difference of "
            f"{difference:.3g}; nothing was written"
        )


def stepwise(values: Doubles, step: Callable[[float], object], forecast: Callable[[], Doubles]) -> Iterator[Doubles]:
    """Read a series value by value, and forecast where ``golden_forecasts`` does.

    Parameters
    ----------
    values : array
        ``[T]`` float64.
    step : callable
        Reads one value.
    forecast : callable
        Gives quantiles ``[F, Q]``.

    Yields
    ------
    array
        Each forecast.
    """
    ends = set(cuts_of(values))
    for place, value in enumerate(values.tolist(), start=1):
        step(value)
        if place in ends:
            yield forecast()
