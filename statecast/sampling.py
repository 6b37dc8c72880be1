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
    ordered, index = torch.sort(logits.double(), dim=1, descending=True, stable=True)
    device = logits.device
    heat = torch.from_numpy(choice.temperature).to(device)
    share = torch.softmax(ordered / heat.clamp_min(1e-6)[:, None], dim=1)
    rank = torch.arange(logits.shape[1], device=device)
    most = torch.from_numpy(np.where(choice.top_k > 0, choice.top_k, logits.shape[1])).to(device)
    share = share * (rank < most[:, None])
    share = share / share.sum(1, keepdim=True)
    before = share.cumsum(1) - share
    kept = (before < torch.from_numpy(choice.top_p).to(device)[:, None]) | (rank == 0)
    cumulated = (share * kept).cumsum(1)
    drawn = torch.from_numpy(uniforms(choice.seed, choice.stream, position)).to(device) * cumulated[:, -1]
    place = (cumulated <= drawn[:, None]).sum(1).clamp_max(logits.shape[1] - 1)
    place = torch.where(heat > 0, place, 0)
    return index.gather(1, place[:, None])[:, 0]
