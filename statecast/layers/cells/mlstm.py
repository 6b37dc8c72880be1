"""The LSTM with a matrix for a memory: linear attention with gates."""

import math
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.layers.cells.cell import Parts
from statecast.layers.cells.parallel import ParallelCell
from statecast.layers.cells.registry import register

_HEAD = 16  # width of a head: the state holds as many rows of D numbers
_CAP = 15.0  # of either gate before its exponential
# Mean square below which the norm leaves a head small; far lower, it would make rounding of a near 0 large.
_LEAST = 1e-2


class _Gates(NamedTuple):
    """What the input asks of H heads of width d, after any leading dimensions."""

    query: Tensor  # [..., H, d]
    key: Tensor  # [..., H, d]
    value: Tensor  # [..., H, d]
    leave: Tensor  # [..., D]
    enter: Tensor  # [..., H], logarithm of what enters
    keep: Tensor  # [..., H], logarithm of what stays


@register
class MLSTM(ParallelCell):
    """Matrix LSTM of xLSTM in heads of 16: each keeps a matrix from keys to values, which a query reads.

    Notes
    -----
    q, k, v, o, i, f = W x + b, with k divided by 4, and one i and one f per head, held within 15 by a tanh;
    C' = sigmoid(f) C + exp(i) v k^T;  n' = sigmoid(f) n + exp(i) k;
    h' = sigmoid(o) norm(C' q / max(abs(n' . q), 1))

    with C and n kept as multiples of exp(m), where m' = max(log sigmoid(f) + m, i). The norm divides a head by its root
    mean square (the paper's subtracts the mean too) and multiplies by a learned weight. A sequence is read in chunks:
    attention within a chunk, a step of the state from chunk to chunk. The cell stands alone, without the paper's
    convolution and projections around it. The last head of a width that is no multiple of 16 is narrower.

    References
    ----------
    Beck, M. et al. (2024). xLSTM: extended long short-term memory. NeurIPS. Forget biases of 3 to 6, and gates
    without weights, at first.
    Beck, M. et al. (2025). xLSTM 7B: a recurrent LLM for fast and efficient inference. ICML. The gates' cap.
    Zhang, B. and Sennrich, R. (2019). Root mean square layer normalization. NeurIPS.
    """

    name = "mlstm"
    formula = (
        "q, k, v, o, i, f = W x + b; C' = σ(f) C + exp(i) v kᵀ; n' = σ(f) n + exp(i) k; "
        "h' = σ(o) ∘ norm(C' q / max(abs(n' · q), 1)), per head"
    )
    gates = 4
    parts = 3 + _HEAD
    further = MappingProxyType({"norm": 1})
    block = 32

    def rows(self, width: int) -> int:
        """See ``Cell.rows``; i and f are one number per head."""
        return 4 * width + 2 * _heads(width)

    def initialise(self, name: str, weight: Tensor, width: int) -> None:
        """See ``Cell.initialise``."""
        heads = _heads(width)
        if name == "norm":
            nn.init.ones_(weight)
        elif name == "weight_ih":
            super().initialise(name, weight[: 4 * width], width)
            nn.init.zeros_(weight[4 * width :])
        else:
            nn.init.zeros_(weight)
            nn.init.normal_(weight[4 * width : -heads], std=0.1)
            weight[-heads:] = torch.linspace(3.0, 6.0, heads)

    def step(self, ours: Tensor, _past: Tensor, parts: Parts, further: Parts) -> Parts:
        """See ``Cell.step``; parts are h, n, m and 16 rows of C."""
        gates, width = _split_gates(ours, parts[0]), parts[0].shape[-1]
        norm, peak, memory = _unpack_state(parts)
        kept = gates.keep + peak
        # The peak cancels in the norm and where 1 bounds it, so that no gradient runs through it.
        peak = torch.maximum(kept, gates.enter).detach()
        kept, key = (kept - peak).exp()[..., None], (gates.enter - peak).exp()[..., None] * gates.key
        memory = kept[..., None] * memory + key[..., None] * gates.value[..., None, :]
        norm = kept * norm + key
        found = (gates.query[..., None, :] @ memory)[..., 0, :]
        hidden = _output(found, (norm * gates.query).sum(-1), peak, gates.leave, further)
        return _pack_state(hidden, norm, peak, memory, width)

    def read(self, ours: Tensor, parts: Parts, further: Parts) -> tuple[Tensor, Parts]:
        """See ``ParallelCell.read``."""
        gates, width = _split_gates(ours, parts[0]), parts[0].shape[-1]
        norm, peak, memory = _unpack_state(parts)
        query, key, value = (one.transpose(1, 2) for one in gates[:3])  # [B, H, N, d]
        enter, keep = gates.enter.transpose(1, 2), gates.keep.transpose(1, 2)  # [B, H, N]
        shares = _decays(keep) + enter[..., None, :]
        kept = keep.cumsum(-1) + peak[..., None]
        peaks = torch.maximum(kept, shares.amax(-1)).detach()
        shares, kept = (shares - peaks[..., None]).exp(), (kept - peaks).exp()
        scores = (query @ key.mT) * shares
        found = scores @ value + kept[..., None] * (query @ memory)
        length = scores.sum(-1) + kept * (query @ norm[..., None])[..., 0]
        outputs = _output(
            found.transpose(1, 2), length.transpose(1, 2), peaks.transpose(1, 2), gates.leave, further
        )  # [B, N, D]
        last, key = kept[..., -1:], shares[..., -1, :, None] * key
        memory = last[..., None] * memory + key.mT @ value
        norm = last * norm + key.sum(-2)
        return outputs, _pack_state(outputs[:, -1], norm, peaks[..., -1], memory, width)


def _heads(width: int) -> int:
    return -(-width // _HEAD)


def _by_head(values: Tensor) -> Tensor:
    """``[..., D]`` as ``[..., H, d]``, what is missing in the last head filled with zeros, which change nothing."""
    heads: Tensor = functional.pad(values, (0, -values.shape[-1] % _HEAD)).unflatten(-1, (-1, _HEAD))
    return heads


def _split_gates(ours: Tensor, like: Tensor) -> _Gates:
    """Sort the gates' shares of the input; in the state's precision, because exponents lose too much in a lower one."""
    width = like.shape[-1]
    heads = _heads(width)
    query, key, value, leave, enter, keep = ours.to(like.dtype).split([width] * 4 + [heads] * 2, dim=-1)
    enter, keep = (_CAP * (one / _CAP).tanh() for one in (enter, keep))
    key = key / math.sqrt(_HEAD)
    return _Gates(_by_head(query), _by_head(key), _by_head(value), leave, enter, functional.logsigmoid(keep))


def _unpack_state(parts: Parts) -> tuple[Tensor, Tensor, Tensor]:
    """State as ``n [B, H, d]``, ``m [B, H]`` and ``C [B, H, keys, values]``."""
    memory = _by_head(torch.stack(parts[3:], dim=1)).transpose(1, 2)
    return _by_head(parts[1]), _by_head(parts[2])[..., 0], memory


def _pack_state(hidden: Tensor, norm: Tensor, peak: Tensor, memory: Tensor, width: int) -> Parts:
    """The inverse of ``_unpack_state``; m is repeated over its head."""
    rows = memory.transpose(1, 2).flatten(2)[..., :width]
    peak = peak[..., None].expand_as(norm).flatten(1)[..., :width]
    return hidden, norm.flatten(1)[..., :width], peak, *rows.unbind(1)


def _decays(keep: Tensor) -> Tensor:
    """Logarithm of what is left at step t of what entered at step s, ``[..., t, s]``; summed up without differences."""
    steps = keep.shape[-1]
    later = torch.ones(steps, steps, dtype=torch.bool, device=keep.device).tril(-1)
    sums = keep[..., :, None].expand(*keep.shape, steps).masked_fill(~later, 0.0).cumsum(-2)
    return sums.masked_fill(later.mT, -torch.inf)


def _output(found: Tensor, length: Tensor, peak: Tensor, leave: Tensor, further: Parts) -> Tensor:
    """``sigmoid(o) norm(C q / max(abs(n . q), 1))``, ``[..., D]``, in multiples of exp(m)."""
    width = leave.shape[-1]
    found = found / torch.maximum(length.abs(), (-peak).exp())[..., None]
    widths = torch.full((found.shape[-2],), float(_HEAD), dtype=found.dtype, device=found.device)
    widths[-1] -= -width % _HEAD
    mean = found.square().sum(-1) / widths
    found = (found * (mean + _LEAST).rsqrt()[..., None]).flatten(-2)[..., :width]
    return leave.sigmoid() * found * further[0][0]
