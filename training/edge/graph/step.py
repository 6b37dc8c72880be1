"""The graph of one step: a value and a state in, the next state and the forecast after it out.

Shapes: B series, P patch length, R look-back, D width, F horizon, Q levels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from statecast.config import ForecasterConfig
from training.edge.exportable.network_weights import NetworkWeights
from training.edge.graph.builder import GraphBuilder
from training.edge.graph.head import add_forecast, inverse_of
from training.edge.graph.products import Products
from training.edge.integer.network import FAR, LEAST_SCALE, LIMIT, NOISE, RATIO

Shapes = dict[str, tuple[str, Sequence[Any]]]


def state_shapes(config: ForecasterConfig) -> Shapes:
    """Return dtype and shape of each field of a state.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    Returns
    -------
    dict of str to tuple
        By name, B series first.
    """
    period = config.patch_length
    return {
        "level": ("float64", ["B"]),
        "count": ("int64", ["B"]),
        "sums": ("float64", ["B", 3]),
        "locs": ("float64", ["B", period]),
        "scales": ("float64", ["B", period]),
        "lookback": ("float32", ["B", config.lookback_length]),
        "hidden": ("float32", ["B", period, config.layers, config.width]),
    }


def new_state(config: ForecasterConfig, rows: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return the state of series of which nothing has been read.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    rows : int
        How many, B.

    Returns
    -------
    dict of str to array
        Zeros, but NaN in ``level``, ``locs`` and ``lookback``.
    """
    return {
        name: np.full((rows, *shape[1:]), np.nan if name in ("level", "locs", "lookback") else 0, dtype)
        for name, (dtype, shape) in state_shapes(config).items()
    }


def build_step(weights: NetworkWeights, integer: bool, doc: str) -> onnx.ModelProto:
    """Build the graph of a network.

    Parameters
    ----------
    weights : NetworkWeights
        Of a network that can be exported.
    integer : bool
        Whether weights are kept as int8.
    doc : str
        What the model says of itself.

    Returns
    -------
    onnx.ModelProto
        Inputs ``value`` ``[B]`` float64, NaN where missing, and the fields of the state; outputs ``quantiles``
        ``[B, F, Q]`` float64 in the target's unit, and the fields with ``next_`` before their names.
    """
    config, builder = weights.config, GraphBuilder()
    step = _Step(builder, Products(builder, weights, integer), config)
    step.add()
    add_forecast(builder, step.products, weights, config)
    shapes = state_shapes(config)
    quantiles = ("float64", ["B", config.horizon, len(config.quantile_levels)])
    inputs: Shapes = {"value": ("float64", ["B"]), **shapes}
    return builder.model(
        inputs, {"quantiles": quantiles, **{f"next_{name}": shape for name, shape in shapes.items()}}, doc
    )


class _Step:
    """Adds what one value does to a state."""

    def __init__(self, builder: GraphBuilder, products: Products, config: ForecasterConfig) -> None:
        self.b, self.products, self.config = builder, products, config

    def add(self) -> None:
        """Add all nodes, down to the outputs ``next_...``."""
        deviation, seen = self._read()
        loc, scale = self._scale(deviation, seen)
        self._recur(self._show(loc, scale))
        for name, new in (("locs", loc), ("scales", scale)):
            kept = self.b.cut(name, 1, self.config.patch_length, 1)
            self.b.add("Concat", kept, self.b.widen(new, 1), name=f"next_{name}", axis=1)

    def _number(self, value: float, dtype: str = "float64") -> str:
        return self.b.constant(np.asarray(value, dtype))

    def _read(self) -> tuple[str, str]:
        """Level, count and look-back; gives the deviation, 0 where missing, and whether there is one."""
        b, far = self.b, self._number(FAR)
        near = b.add("Less", b.add("Abs", "value"), far)
        begins = b.add("And", b.add("IsNaN", "level"), near)
        level = b.add("Where", begins, "value", "level", name="next_level")
        away = b.add("Sub", "value", level)
        seen = b.add("And", near, b.add("Less", b.add("Abs", away), far))
        target = b.cast(b.add("Where", seen, away, self._number(np.nan)), "float32")
        kept = b.cut("lookback", 1, self.config.lookback_length, 1)
        b.add("Concat", kept, b.widen(target, 1), name="next_lookback", axis=1)
        b.add("Add", "count", self._number(1, "int64"), name="next_count")
        return b.add("Where", seen, b.cast(target, "float64"), self._number(0.0)), seen

    def _scale(self, deviation: str, seen: str) -> tuple[str, str]:
        b, zero, one = self.b, self._number(0.0), self._number(1.0)
        news = [b.cast(seen, "float64"), deviation, b.add("Mul", deviation, deviation)]
        new = b.add("Concat", *(b.widen(part, 1) for part in news), axis=1)
        faded = b.add("Mul", "sums", self._number(2.0 ** (-1.0 / self.config.half_life)))
        sums = b.add("Add", faded, new, name="next_sums")
        weight, total, squares = (b.take(sums, place, 1) for place in range(3))
        known = b.add("Greater", weight, zero)
        safe = b.add("Where", known, weight, one)
        mean = b.add("Div", total, safe)
        variance = b.add("Sub", b.add("Div", squares, safe), b.add("Mul", mean, mean))
        spread = b.add("Sqrt", b.add("Max", variance, zero))
        noise = b.add("Max", b.add("Mul", b.add("Abs", mean), self._number(NOISE)), self._number(LEAST_SCALE))
        scale = b.add("Where", b.add("Greater", spread, noise), spread, zero)
        return b.add("Where", known, mean, self._number(np.nan)), scale

    def _show(self, loc: str, scale: str) -> str:
        """What the encoder is shown, ``[B, 4 P + 2]`` float32."""
        b, config, zero = self.b, self.config, self._number(0.0, "float32")
        period, end = config.patch_length, config.lookback_length
        inverse, moves = inverse_of(b, scale)
        parts = []
        for lag in (0, config.season, 7 * config.season):
            raw = b.cut("next_lookback", end - lag - period, end - lag, 1)
            parts.append((self._bounded(raw, loc, inverse), b.add("IsNaN", raw)))
        (patch, gaps), *earlier = parts
        shown = [b.add("Where", gaps, zero, patch)]
        for before, missing in earlier:
            shown.append(b.add("Where", b.add("Or", gaps, missing), zero, b.add("Sub", patch, before)))
        shown.append(b.add("Where", gaps, zero, self._number(1.0, "float32")))
        loc_before, scale_before = b.take("locs", 0, 1), b.take("scales", 0, 1)
        moved = b.add("Mul", b.add("Sub", loc, loc_before), inverse)
        moved = b.add("Where", b.add("IsNaN", moved), self._number(0.0), moved)
        both, one = b.add("And", moves, b.add("Greater", scale_before, self._number(0.0))), self._number(1.0)
        ratio = b.add("Div", b.add("Where", both, scale, one), b.add("Where", both, scale_before, one))
        bounded = b.add("Clip", ratio, self._number(1.0 / RATIO), self._number(RATIO))
        for part in (self._clip(moved), b.add("Log", bounded)):
            shown.append(b.widen(b.cast(part, "float32"), 1))
        return b.add("Concat", *shown, axis=1)

    def _clip(self, x: str) -> str:
        return self.b.add("Clip", x, self._number(-LIMIT), self._number(LIMIT))

    def _bounded(self, raw: str, loc: str, inverse: str) -> str:
        """Scaled values within 30 of 0, any where missing."""
        b = self.b
        scaled = b.add("Mul", b.add("Sub", b.cast(raw, "float64"), b.widen(loc, 1)), b.widen(inverse, 1))
        scaled = b.add("Where", b.add("IsNaN", scaled), self._number(0.0), scaled)
        return b.cast(self._clip(scaled), "float32")

    def _recur(self, shown: str) -> None:
        b, width = self.b, self.config.width
        before, one = b.take("hidden", 0, 1), self._number(1.0, "float32")
        x, layers = b.add("Relu", self.products.add("embed", shown)), []
        for layer in range(self.config.layers):
            was = b.take(before, layer, 1)
            ours, past = self.products.add(f"input_{layer}", x), self.products.add(f"hidden_{layer}", was)
            gates = [[b.cut(side, k * width, (k + 1) * width, 1) for k in range(3)] for side in (ours, past)]
            reset, update = (b.add("Sigmoid", b.add("Add", gates[0][k], gates[1][k])) for k in (0, 1))
            value = b.add("Tanh", b.add("Add", gates[0][2], b.add("Mul", reset, gates[1][2])))
            x = b.add("Add", b.add("Mul", b.add("Sub", one, update), value), b.add("Mul", update, was))
            layers.append(b.widen(x, 1))
        new = b.widen(b.add("Concat", *layers, axis=1), 1)
        b.add("Concat", b.cut("hidden", 1, self.config.patch_length, 1), new, name="next_hidden", axis=1)
