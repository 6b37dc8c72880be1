"""A network as numbers: a record of its lengths and places, and all its weights in one array.

Nothing of a network is compiled: lengths, rates and the places of fields and weights are data that the compiled code
reads, so that one compilation serves every season, width and horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from statecast.compiled.arithmetic import CELLS
from statecast.compiled.packing import Packed, lanes
from statecast.layers.bucket_encoder import CoarseEncoder
from statecast.layers.cells.recurrent import Recurrent
from statecast.layers.decoder import RecurrentDecoder
from statecast.layers.heads import mass_weights
from statecast.models.forecaster import Forecaster
from statecast.naive_forecasts import NAIVE_FORECASTS

_NEVER = -1e30
_WHOLE = (
    "season", "patch_length", "lookback_length", "kept_length", "horizon", "segment_length", "segments", "width",
    "layers", "cell", "parts", "gates", "levels", "middle", "naive_forecasts", "past", "calendar", "known",
    "covariates", "static", "resolutions", "stride", "hindcasts", "burn_in", "adapts", "in_sample_until",
    "round_length", "inputs", "row_floats", "recurrent_decoder", "long_shape",
    "segment_span",
)  # fmt: skip
_REAL = ("decay", "half_life", "rate", "promised_below", "promised_above", "asinh_unit")
_FIELDS = {
    "time_index": 8, "count": 8, "offset": 8, "sums": 8, "seasonal_error": 8, "locs": 8, "scales": 8, "lookback": 4,
    "covariates": 4, "static": 4, "hidden": 4, "hindcasts": 4, "hindcast_scaling": 8, "known": 4,
    "conformal_offsets": 4, "autocorrelation": 4,
}  # fmt: skip
_WEIGHTS = (
    "naive_parts", "counting", "embed", "recurrent", "questions", "query", "key", "value", "from_naive",
    "from_static", "mix", "head", "from_known", "known_context", "known_steps", "linear_lookback", "shared_lookback",
    "conformal_offsets", "in_sample_offsets", "cold_start_widening", "autocorrelation", "normal",
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
    weights : NDArray, float32, all weights one after the other, padded
    masses : NDArray, shape [Q], probability nearest to each level
    """

    numbers: NDArray[np.void]
    coarse: NDArray[np.int64]
    weights: NDArray[np.float32]
    masses: NDArray[np.float64]


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
    packed = Packed()
    places = _pack_weights(network, packed)
    coarse = [_pack_coarse(network, packed, place) for place in range(len(network.config.resolutions) - 1)]
    numbers = np.zeros(1, NUMBERS)
    for name, value in (_lengths(network) | _row_places(network) | places).items():
        numbers[name] = value
    config = network.config
    return NetworkArrays(
        numbers,
        np.array(coarse, dtype=np.int64).reshape(len(coarse), -1) if coarse else np.zeros((0, 11), np.int64),
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
        "segment_span": _spanned(config.segment_length),
        "long_shape": int(NAIVE_FORECASTS[-1] in config.naive_forecasts),
        "decay": 2.0 ** (-1.0 / config.half_life),
        "rate": calibration.rate,
        "promised_below": calibration.rate * below,
        "promised_above": calibration.rate * above,
    }


def _row_places(network: Forecaster) -> dict[str, int]:
    offsets = {"known": network.spec.row_bytes} | network.spec.offsets
    return {f"at_{name}": offsets[name] // size for name, size in _FIELDS.items() if name in offsets}


def _pack_weights(network: Forecaster, packed: Packed) -> dict[str, int]:
    config, calibration, head, mix = network.config, network.calibration, network.head, network.mix
    attention, score = network.resolution_attention, network.naive_forecast_attention.score
    length, levels = config.segment_length, len(config.quantile_levels)
    recurrent = network.encoder.recurrent
    assert isinstance(recurrent, Recurrent)
    wider = 0, _spanned(length) - length
    residuals = pad(head.residuals.weight.T.unflatten(1, (length, levels)).transpose(1, 2), wider).flatten(1).T
    residual_bias = pad(head.residuals.bias.unflatten(0, (length, levels)).T, wider).flatten()
    parts = _naive_parts(
        config.naive_forecasts, config.season if config.season >= 4 else min(8, config.lookback_length // 2)
    )
    shared, known = network.shared_lookback, head.known is not None
    found = {
        "embed": packed.linear(network.encoder.embed),
        "recurrent": packed.stack(recurrent),
        "questions": packed.plain(lanes(attention.segments.T).T),
        "query": packed.linear(attention.query),
        "key": packed.linear(attention.keys[0]),
        "value": packed.linear(attention.values[0]),
        "counting": packed.plain(torch.arange(1.0, _spanned(length) + 1)),
        "naive_parts": packed.dense(parts.T, None),
        "from_naive": packed.dense(_of_shapes(network.from_naive_forecasts.weight, parts, length), None),
        "from_static": packed.dense(network.from_static.weight, None) if network.from_static is not None else 0,
        "mix": packed.stack(mix.cell) if isinstance(mix, RecurrentDecoder) else packed.linear(mix[2]),
        "head": packed.dense(
            torch.cat([lanes(score.weight), residuals]), torch.cat([lanes(score.bias, _NEVER), residual_bias])
        ),
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


def _pack_coarse(network: Forecaster, packed: Packed, place: int) -> list[int]:
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
        packed.plain(lanes(value.weight[:, -1])),
        int(attention.active[place + 1]),
    ]


def _naive_parts(names: Sequence[str], length: int) -> Tensor:
    """What each naive forecast is made of, ``[E, 10]``; see ``statecast.compiled.parts.naive``.

    The four shapes, the five parts of the line, and how fast it rises as a multiple of the drift.
    """
    season, four, weekly, long, last, level, drift, middle, led, slope = torch.eye(10)
    made_of = (
        last, season, four, 0 * last, level, level + led + slope / length, weekly, season + drift,
        four + level - middle, long + level,
    )  # fmt: skip
    return torch.stack([made_of[NAIVE_FORECASTS.index(name)] for name in names])


def _of_shapes(weight: Tensor, parts: Tensor, length: int) -> Tensor:
    """Weights ``[D, L E]`` of naive forecasts as those of the shapes and the line, ``[D, 4 L + 5]``."""
    each = weight.double().unflatten(1, (length, len(parts)))
    made_of = torch.einsum("dle,ep->dpl", each, parts.double())
    rising = (made_of[:, 9] * torch.arange(1, length + 1)).sum(1)
    line = made_of[:, 4:9].sum(2)
    line[:, 2] += rising
    return torch.cat([pad(made_of[:, :4], (0, _spanned(length) - length)).flatten(1), line], dim=1)


def _spanned(length: int) -> int:
    """Steps of a segment, padded to what ``statecast.compiled.arithmetic.lanes`` takes at once."""
    return -(-length // 8) * 8
