"""The int8 network: its state, a step and a forecast, of any number of series at once.

As ``Forecaster.prime`` of one value and ``Forecaster.decode``, with weights of 8 bits and activations of 16. The level
of a series, its first value, is part of the state, so that values are float64 and all else deviations from it.

Shapes: B series, P patch length, R look-back, D width, F horizon, Q levels.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statecast.config import ForecasterConfig
from training.edge.exportable.network_weights import NetworkWeights
from training.edge.exportable.quantization import UNIT, IntegerProduct, quantize_all
from training.edge.integer.arithmetic import (
    UNIT_INVERSE,
    Activations,
    activate,
    hidden_activations,
    multiply,
    nearest,
)
from training.edge.integer.elementary import ONE, ZERO, Doubles, Floats, log, root, sigmoid, tanh
from training.edge.integer.head import forecast_scaled

FAR = 1e30
"""A value this far from 0 or from the level counts as missing."""
NOISE = 1e-7
"""As in ``statecast.state.causal_scaling``."""
LEAST_SCALE = 1e-100
LIMIT = 30.0
"""As in ``statecast.layers.patch_encoder``."""
RATIO = 1e13
"""Largest ratio of two scales, and one over the smallest; its logarithm is about ``LIMIT``."""


@dataclass(frozen=True)
class IntegerState:
    """What is kept of B series."""

    level: Doubles
    """``[B]``, the first value; NaN before it."""
    count: NDArray[np.int64]
    """``[B]``, steps read."""
    sums: Doubles
    """``[B, 3]`` of the causal scaling."""
    locs: Doubles
    """``[B, P]`` after each of the last P steps, from the level on; NaN where nothing was seen."""
    scales: Doubles
    """``[B, P]``, likewise; 0 without spread."""
    lookback: Floats
    """``[B, R]`` deviations from the level, NaN where missing."""
    hidden: NDArray[np.int16]
    """``[B, P, layers, D]`` in 1 / 32767, the oldest first."""


class IntegerNetwork:
    """A forecaster with int8 weights.

    Parameters
    ----------
    parameters : NetworkWeights
        Of a network that can be exported, in float32.
    """

    def __init__(self, parameters: NetworkWeights) -> None:
        self.parameters = parameters
        self.products: dict[str, IntegerProduct] = quantize_all(parameters)
        self.decay = 2.0 ** (-1.0 / parameters.config.half_life)

    @property
    def config(self) -> ForecasterConfig:
        """The shape of the network that it was made of."""
        return self.parameters.config

    def begin(self, rows: int) -> IntegerState:
        """Return states of series of which nothing has been read.

        Parameters
        ----------
        rows : int
            How many, B.

        Returns
        -------
        IntegerState
            All alike.
        """
        config = self.config
        return IntegerState(
            np.full(rows, np.nan),
            np.zeros(rows, np.int64),
            np.zeros((rows, 3)),
            np.full((rows, config.patch_length), np.nan),
            np.zeros((rows, config.patch_length)),
            np.full((rows, config.lookback_length), np.nan, np.float32),
            np.zeros((rows, config.patch_length, config.layers, config.width), np.int16),
        )

    def step(self, state: IntegerState, values: ArrayLike) -> IntegerState:
        """Read one value of each series.

        Parameters
        ----------
        state : IntegerState
            B series, which stay as they are.
        values : array_like
            ``[B]`` float64, NaN or infinite where missing.

        Returns
        -------
        IntegerState
            B series after the step.
        """
        value = np.asarray(values, dtype=np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(value) < FAR
            level = np.where(np.isnan(state.level) & near, value, state.level)
            away = value - level
            seen = near & (np.abs(away) < FAR)
            target = np.where(seen, away, np.nan).astype(np.float32)
        deviation = np.where(seen, target.astype(np.float64), 0.0)
        news = np.stack([seen.astype(np.float64), deviation, deviation * deviation], axis=1)
        moved = replace(
            state,
            level=level,
            count=state.count + 1,
            sums=state.sums * self.decay + news,
            lookback=np.concatenate([state.lookback[:, 1:], target[:, None]], axis=1),
        )
        loc, scale = _scaling(moved.sums)
        shown = self._show(moved, loc, scale)
        hidden = self._recur(shown, state.hidden[:, 0])
        return replace(
            moved,
            locs=np.concatenate([state.locs[:, 1:], loc[:, None]], axis=1),
            scales=np.concatenate([state.scales[:, 1:], scale[:, None]], axis=1),
            hidden=np.concatenate([state.hidden[:, 1:], hidden[:, None]], axis=1),
        )

    def forecast(self, state: IntegerState) -> Doubles:
        """Forecast from states.

        Parameters
        ----------
        state : IntegerState
            B series.

        Returns
        -------
        array
            Quantiles ``[B, F, Q]`` in the target's unit, ascending; NaN where nothing was seen.
        """
        loc, scale = state.locs[:, -1], state.scales[:, -1]
        window = scale_window(state.lookback, loc, scale, self.config.season)
        scaled = forecast_scaled(self.parameters, self.products, window, state.hidden[:, -1, -1], state.count)
        return (state.level + loc)[:, None, None] + scale[:, None, None] * scaled.astype(np.float64)

    def _show(self, state: IntegerState, loc: Doubles, scale: Doubles) -> Floats:
        """What the encoder is shown, ``[B, 4 P + 2]``."""
        period, season, end = self.config.patch_length, self.config.season, self.config.lookback_length
        inverse = inverse_of(scale)
        now, before, long_before = (
            state.lookback[:, end - lag - period : end - lag] for lag in (0, season, 7 * season)
        )
        patch, shown = _bounded(now, loc, inverse), []
        for earlier in (before, long_before):
            known = ~(np.isnan(now) | np.isnan(earlier))
            shown.append(np.where(known, patch - _bounded(earlier, loc, inverse), ZERO))
        there = np.where(np.isnan(now), ZERO, ONE)
        moved = (loc - state.locs[:, 0]) * inverse
        moved = np.where(np.isnan(moved), 0.0, moved).clip(-LIMIT, LIMIT).astype(np.float32)
        both = (scale > 0.0) & (state.scales[:, 0] > 0.0)
        ratio = np.where(both, scale, 1.0) / np.where(both, state.scales[:, 0], 1.0)
        spread = log(ratio.clip(1.0 / RATIO, RATIO).astype(np.float32))
        return np.concatenate([patch * there, *shown, there, moved[:, None], spread[:, None]], axis=1)

    def _recur(self, shown: Floats, hidden: NDArray[np.int16]) -> NDArray[np.int16]:
        """Advance one phase state, ``[B, layers, D]``, by one embedded patch."""
        embed = multiply(self.products["embed"], activate(shown, self.products["embed"].limit))
        embedded = np.where(embed > ZERO, embed, ZERO)
        inputs: Activations = activate(embedded, self.products["input_0"].limit)
        layers = []
        for layer in range(self.config.layers):
            before = hidden[:, layer].astype(np.int32)
            ours = multiply(self.products[f"input_{layer}"], inputs)
            past = multiply(self.products[f"hidden_{layer}"], hidden_activations(before))
            reset_in, update_in, value_in = np.split(ours, 3, axis=1)
            reset_past, update_past, value_past = np.split(past, 3, axis=1)
            reset, update = sigmoid(reset_in + reset_past), sigmoid(update_in + update_past)
            value = tanh(value_in + reset * value_past)
            was = before.astype(np.float32) * UNIT_INVERSE
            after = nearest((value + update * (was - value)) * np.float32(UNIT))
            layers.append(after.astype(np.int16))
            inputs = hidden_activations(after)
        return np.stack(layers, axis=1)


def inverse_of(scale: Doubles) -> Doubles:
    """Invert deviations.

    Parameters
    ----------
    scale : array of float64
        Any shape; 0 where there is no spread.

    Returns
    -------
    array of float64
        ``1 / scale``, or 0 where there is no spread.
    """
    return np.where(scale > 0.0, 1.0 / np.where(scale > 0.0, scale, 1.0), 0.0)


def scale_window(lookback: Floats, loc: Doubles, scale: Doubles, season: int) -> Floats:
    """Scale a look-back and fill its gaps: with the value one season before, else with 0.

    Parameters
    ----------
    lookback : array
        ``[B, R]``, NaN where missing.
    loc, scale : array
        ``[B]`` now.
    season : int
        Steps per season.

    Returns
    -------
    array
        ``[B, R]`` in units of scale, without gaps.
    """
    scaled = ((lookback.astype(np.float64) - loc[:, None]) * inverse_of(scale)[:, None]).astype(np.float32)
    earlier = np.concatenate([np.full_like(scaled[:, :season], np.nan), scaled[:, :-season]], axis=1)
    filled = np.where(np.isnan(scaled), earlier, scaled)
    return np.where(np.isnan(filled), ZERO, filled)


def _scaling(sums: Doubles) -> tuple[Doubles, Doubles]:
    weight, total, squares = sums.T
    known = weight > 0.0
    safe = np.where(known, weight, 1.0)
    mean = total / safe
    spread = root(squares / safe - mean * mean)
    scale = np.where((spread > NOISE * np.abs(mean)) & (spread > LEAST_SCALE), spread, 0.0)
    return np.where(known, mean, np.nan), scale


def _bounded(window: Floats, loc: Doubles, inverse: Doubles) -> Floats:
    """Scaled values within 30 of 0; 0 where missing."""
    scaled = (window.astype(np.float64) - loc[:, None]) * inverse[:, None]
    return np.where(np.isnan(scaled), 0.0, scaled).clip(-LIMIT, LIMIT).astype(np.float32)
