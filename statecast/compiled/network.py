"""A network as numbers: a record of its lengths and places, and all its weights in one array.

Nothing of a network is compiled: lengths, rates and the places of fields and weights are data that the compiled code
reads, so that one compilation serves every season, width and horizon.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from statecast.compiled.arithmetic import CELLS
from statecast.layers.bucket_encoder import CoarseEncoder
from statecast.layers.cells.recurrent import Recurrent
from statecast.layers.decoder import RecurrentDecoder
from statecast.layers.heads import mass_weights
from statecast.models.forecaster import Forecaster
from statecast.naive_forecasts import NAIVE_FORECASTS

_LANE, _PANEL = 16, 64  # as statecast.compiled.arithmetic.products reads them
_WHOLE = (
    "season", "patch_length", "lookback_length", "kept_length", "horizon", "segment_length", "segments", "width",
    "layers", "cell", "parts", "gates", "levels", "middle", "naive_forecasts", "past", "calendar", "known",
    "covariates", "static", "resolutions", "stride", "hindcasts", "burn_in", "adapts", "in_sample_until",
    "round_length", "inputs", "row_floats", "recurrent_decoder",
)  # fmt: skip
_REAL = ("decay", "half_life", "rate", "promised_below", "promised_above", "asinh_unit")
_FIELDS = {
    "time_index": 8, "count": 8, "offset": 8, "sums": 8, "seasonal_error": 8, "locs": 8, "scales": 8, "lookback": 4,
    "covariates": 4, "static": 4, "hidden": 4, "hindcasts": 4, "hindcast_scaling": 8, "known": 4,
    "conformal_offsets": 4, "autocorrelation": 4,
}  # fmt: skip
_WEIGHTS = (
    "embed", "recurrent", "questions", "query", "key", "value", "from_naive", "from_static", "mix", "head",
    "from_known", "known_context", "known_steps", "linear_lookback", "shared_lookback", "conformal_offsets",
    "in_sample_offsets", "cold_start_widening", "autocorrelation", "normal",
)  # fmt: skip
NUMBERS = np.dtype(
    [(name, np.int64) for name in (*_WHOLE, *(f"at_{name}" for name in _FIELDS), *_WEIGHTS)]
    + [(name, np.float64) for name in _REAL]
)
"""The record: lengths, the place of each field in a row (``at_...``, in numbers of the field's own size), the place of
each weight in ``NetworkArrays.weights`` (0 for one that the network has not), and rates."""


@dataclass(frozen=True)
class NetworkArrays:
    """What the compiled functions take of a network.

    Parameters
    ----------
    numbers : NDArray, shape [1], of ``NUMBERS``
    coarse : NDArray, shape [R - 1, COLUMNS], a row per coarse resolution; see ``statecast.compiled.parts.reading``
    chosen : NDArray, shape [E], places in ``NAIVE_FORECASTS``
    weights : NDArray, float32, all weights one after the other, padded
    masses : NDArray, shape [Q], probability nearest to each level
    """

    numbers: NDArray[np.void]
    coarse: NDArray[np.int64]
    chosen: NDArray[np.int64]
    weights: NDArray[np.float32]
    masses: NDArray[np.float64]


class _Packed:
    """Weights one after the other; what is asked of it is where each begins."""

    def __init__(self) -> None:
        self._parts = [np.zeros(_LANE, np.float32)]  # a place of 0 says that there is none
        self._size = _LANE

    def plain(self, values: Tensor) -> int:
        flat = values.detach().float().cpu().numpy().ravel()
        self._parts += [flat, np.zeros(-len(flat) % _LANE, np.float32)]
        place, self._size = self._size, self._size + len(flat) + -len(flat) % _LANE
        return place

    def dense(self, weight: Tensor, bias: Tensor | None) -> int:
        """``weight`` ``[N, K]`` in panels, and its bias; see ``statecast.compiled.arithmetic.products``."""
        whole = _lanes(weight)
        panels = [panel.T.ravel() for panel in whole.split(_PANEL)]
        return self.plain(torch.cat([*panels, _lanes(weight.new_zeros(len(weight)) if bias is None else bias)]))

    def linear(self, layer: nn.Module | None) -> int:
        if layer is None:
            return 0
        assert isinstance(layer, nn.Linear)
        return self.dense(layer.weight, layer.bias)

    def stack(self, recurrent: Recurrent) -> int:
        """Of each layer the gates of the input, of the hidden vector, and peepholes, gate by gate."""
        gates, places = recurrent.cell.gates, []
        for layer in range(recurrent.layers):
            for side in ("ih", "hh"):
                weight = getattr(recurrent.stack, f"weight_{side}_l{layer}")
                bias = getattr(recurrent.stack, f"bias_{side}_l{layer}", None)
                bias = weight.new_zeros(len(weight)) if bias is None else bias
                padded = torch.cat([_lanes(gate) for gate in weight.chunk(gates)])
                places.append(self.dense(padded, torch.cat([_lanes(gate) for gate in bias.chunk(gates)])))
            peepholes = getattr(recurrent.stack, f"peepholes_l{layer}", torch.zeros(3, recurrent.width))
            self.plain(_lanes(peepholes.T).T)
        return places[0]

    def whole(self) -> NDArray[np.float32]:
        """Everything, from a place in memory where a cache line begins."""
        room = np.zeros(self._size + 2 * _LANE, np.float32)
        first = -room.ctypes.data % 64 // 4
        found = room[first : first + self._size]
        np.concatenate(self._parts, out=found)
        return found


def _lanes(values: Tensor) -> Tensor:
    """Pad the first dimension to a multiple of the vector's length, with zeros."""
    missing = -len(values) % _LANE
    return torch.cat([values, values.new_zeros(missing, *values.shape[1:])])


def pack_network(network: Forecaster) -> NetworkArrays:
    """Copy what the compiled functions need; what is changed in the network afterwards does not reach them.

    Parameters
    ----------
    network : Forecaster
        One of which ``statecast.compiled.uncovered`` says nothing.

    Returns
    -------
    NetworkArrays
        Its own memory, on the CPU.
    """
    packed = _Packed()
    places = _pack_weights(network, packed)
    coarse = [_pack_coarse(network, packed, place) for place in range(len(network.config.resolutions) - 1)]
    numbers = np.zeros(1, NUMBERS)
    for name, value in (_lengths(network) | _row_places(network) | places).items():
        numbers[name] = value
    config = network.config
    return NetworkArrays(
        numbers,
        np.array(coarse, dtype=np.int64).reshape(len(coarse), -1) if coarse else np.zeros((0, 11), np.int64),
        np.array([NAIVE_FORECASTS.index(name) for name in config.naive_forecasts], dtype=np.int64),
        packed.whole(),
        mass_weights(config.quantile_levels).numpy(),
    )


def _lengths(network: Forecaster) -> dict[str, float]:
    config, calibration, hindcasts = network.config, network.calibration, network.hindcasts
    recurrent = network.encoder.recurrent
    assert isinstance(recurrent, Recurrent)
    same = ("season", "patch_length", "lookback_length", "kept_length", "horizon", "segment_length", "segments",
            "width", "layers", "half_life", "asinh_unit")  # fmt: skip
    below, above = calibration.aims.flatten().tolist()
    embed = network.encoder.embed
    assert isinstance(embed, nn.Linear)
    return {name: getattr(config, name) for name in same} | {
        "cell": CELLS.index(recurrent.kind),
        "parts": recurrent.parts,
        "gates": recurrent.cell.gates,
        "levels": len(config.quantile_levels),
        "middle": calibration.middle,
        "naive_forecasts": len(config.naive_forecasts),
        "past": config.past_width,
        "calendar": config.known_width - config.user_known_width,
        "known": config.known_width,
        "covariates": config.past_width + config.user_known_width,
        "static": config.static_width,
        "resolutions": len(config.resolutions),
        "stride": hindcasts.stride,
        "hindcasts": hindcasts.kept,
        "burn_in": config.burn_in or config.lookback_length,
        "adapts": int(config.adaptation > 0),
        "in_sample_until": int(calibration.in_sample_until),
        # At most one bucket of a resolution ends in a round.
        "round_length": min(config.patch_length, *config.resolutions[1:2], config.patch_length),
        "inputs": embed.in_features,
        "row_floats": network.spec.row_bytes // 4,
        "recurrent_decoder": int(isinstance(network.mix, RecurrentDecoder)),
        "decay": 2.0 ** (-1.0 / config.half_life),
        "rate": calibration.rate,
        "promised_below": calibration.rate * below,
        "promised_above": calibration.rate * above,
    }


def _row_places(network: Forecaster) -> dict[str, int]:
    offsets = network.spec.offsets
    return {f"at_{name}": offsets[name] // size for name, size in _FIELDS.items() if name in offsets}


def _pack_weights(network: Forecaster, packed: _Packed) -> dict[str, int]:
    config, calibration, head, mix = network.config, network.calibration, network.head, network.mix
    attention, score = network.resolution_attention, network.naive_forecast_attention.score
    length, levels, count = config.segment_length, len(config.quantile_levels), len(config.naive_forecasts)
    recurrent = network.encoder.recurrent
    assert isinstance(recurrent, Recurrent)
    residuals = head.residuals.weight.unflatten(0, (length, levels)).transpose(0, 1).flatten(0, 1)
    residual_bias = head.residuals.bias.unflatten(0, (length, levels)).T.flatten()
    naive = network.from_naive_forecasts.weight.unflatten(1, (length, count)).transpose(1, 2).flatten(1)
    shared, known = network.shared_lookback, head.known is not None
    found = {
        "embed": packed.linear(network.encoder.embed),
        "recurrent": packed.stack(recurrent),
        "questions": packed.plain(_lanes(attention.segments.T).T),
        "query": packed.linear(attention.query),
        "key": packed.linear(attention.keys[0]),
        "value": packed.linear(attention.values[0]),
        "from_naive": packed.dense(naive, None),
        "from_static": packed.dense(network.from_static.weight, None) if network.from_static is not None else 0,
        "mix": packed.stack(mix.cell) if isinstance(mix, RecurrentDecoder) else packed.linear(mix[2]),
        "head": packed.dense(torch.cat([residuals, score.weight]), torch.cat([residual_bias, score.bias])),
        "from_known": packed.linear(head.known),
        "known_context": packed.linear(head.context if known else None),
        "known_steps": packed.linear(head.steps if known else None),
        "linear_lookback": packed.linear(network.linear_lookback and network.linear_lookback.map),
        "shared_lookback": 0,
    }
    if shared is not None:
        found["shared_lookback"] = packed.plain(
            torch.cat([shared.neighbours.weight.flatten(), shared.map.weight.flatten()])
        )
    normal = torch.special.ndtri(torch.tensor(calibration.levels, dtype=torch.float64)).float()
    for name in ("conformal_offsets", "in_sample_offsets", "cold_start_widening", "autocorrelation"):
        found[name] = packed.plain(getattr(calibration, name))
    return found | {"normal": packed.plain(normal)}


def _pack_coarse(network: Forecaster, packed: _Packed, place: int) -> list[int]:
    """A row of ``NetworkArrays.coarse``."""
    encoder, attention, spec = network.coarse[place], network.resolution_attention, network.spec
    assert isinstance(encoder, CoarseEncoder)
    key, value = attention.keys[place + 1], attention.values[place + 1]
    assert isinstance(value, nn.Linear)
    return [
        encoder.length,
        spec.offsets[f"bucket_{encoder.length}"] // 8,
        spec.offsets[f"means_{encoder.length}"] // 8,
        spec.offsets[f"hidden_{encoder.length}"] // 4,
        packed.linear(encoder.embed),
        packed.stack(encoder.recurrent),
        packed.linear(key),
        packed.dense(value.weight[:, :-1], value.bias),
        packed.plain(_lanes(value.weight[:, -1])),
        int(attention.active[place + 1]),
    ]
