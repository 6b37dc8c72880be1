"""Drawing symbols so that a seed fixes the text whatever else is in the batch.

Random numbers are a function of (seed, stream, position) alone, so a row draws the same alone or among others, in one
request or over a session in three.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Choice:
    """How each of M rows draws, one entry a row.

    seed, stream: which random numbers; stream tells the n texts of one request apart.  temperature: 0 is the likeliest.
    top_k: 0 is all.  top_p: 1 is all.
    """

    seed: Integers
    stream: Integers
    temperature: Doubles
    top_k: Integers
    top_p: Doubles


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def uniforms(seed: Integers, stream: Integers, position: Integers) -> Doubles:
    """Numbers in (0, 1), float64, of the arguments' broadcast shape: SplitMix64 (Steele et al. 2014) as a counter."""
    with np.errstate(over="ignore"):
        value = _mix(np.asarray(seed).astype(np.uint64) + _GOLDEN)
        value = _mix((value ^ np.asarray(stream).astype(np.uint64)) + _GOLDEN)
        value = _mix((value ^ np.asarray(position).astype(np.uint64)) + _GOLDEN)
    return ((value >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def sample(logits: Tensor, choice: Choice, position: Integers) -> Tensor:
    """Draw one symbol a row from ``logits`` ``[M, V]``; ``position`` ``[M]`` is how many symbols the row has read.

    ``top_k`` keeps the k likeliest; ``top_p`` of those the fewest whose probability together reaches p, at least one
    (Holtzman et al. 2020). Returns ids ``[M]`` int64.
    """
    device = logits.device
    heat = torch.from_numpy(choice.temperature).to(device)
    share = torch.softmax(logits.double() / heat.clamp_min(1e-6)[:, None], dim=1)
    # Only these rows need their symbols in order, and sorting costs more than all the rest.
    narrowed = np.flatnonzero((choice.top_k > 0) | (choice.top_p < 1))
    if len(narrowed):
        rows = torch.from_numpy(narrowed).to(device)
        share = share.index_copy(0, rows, _narrow(share[rows], choice.top_k[narrowed], choice.top_p[narrowed]))
    cumulated = share.cumsum(1)
    drawn = torch.from_numpy(uniforms(choice.seed, choice.stream, position)).to(device) * cumulated[:, -1]
    place = (cumulated <= drawn[:, None]).sum(1).clamp_max(logits.shape[1] - 1)
    return torch.where(heat > 0, place, logits.argmax(1))


def _narrow(share: Tensor, top_k: Integers, top_p: Doubles) -> Tensor:
    """Shares ``[M, V]`` with zeros where a symbol may not come; what is left does not sum to one."""
    ordered, index = torch.sort(share, dim=1, descending=True, stable=True)
    rank = torch.arange(share.shape[1], device=share.device)
    most = torch.from_numpy(np.where(top_k > 0, top_k, share.shape[1])).to(share.device)
    ordered = ordered * (rank < most[:, None])
    ordered = ordered / ordered.sum(1, keepdim=True)
    before = ordered.cumsum(1) - ordered
    kept = (before < torch.from_numpy(top_p).to(share.device)[:, None]) | (rank == 0)
    return torch.zeros_like(share).scatter(1, index, ordered * kept)
