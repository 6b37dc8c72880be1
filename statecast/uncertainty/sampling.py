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
    """How each of M rows draws, one entry per row.

    Parameters
    ----------
    seed : ndarray
        ``[M]`` int64, which random numbers.
    stream : ndarray
        ``[M]`` int64, tells the texts of one request apart.
    temperature : ndarray
        ``[M]`` float64; 0 takes the likeliest.
    top_k : ndarray
        ``[M]`` int64, how many symbols to choose among; 0 for all.
    top_p : ndarray
        ``[M]`` float64 in (0, 1], the probability that the chosen among reach together; 1 for all.
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
    """Return random numbers that are a function of the arguments alone.

    Parameters
    ----------
    seed : ndarray
        int64.
    stream : ndarray
        int64, of a shape that broadcasts with ``seed``.
    position : ndarray
        int64, likewise.

    Returns
    -------
    ndarray
        float64 in (0, 1), of the broadcast shape.

    Notes
    -----
    SplitMix64 as a counter.

    References
    ----------
    Steele, G. L., Lea, D. and Flood, C. H. (2014). Fast splittable pseudorandom number generators. OOPSLA.

    Examples
    --------
    >>> drawn = uniforms(np.array([7]), np.array([0]), np.arange(3))
    >>> bool((drawn == uniforms(np.array([7]), np.array([0]), np.arange(3))).all())
    True
    """
    with np.errstate(over="ignore"):
        value = _mix(np.asarray(seed).astype(np.uint64) + _GOLDEN)
        value = _mix((value ^ np.asarray(stream).astype(np.uint64)) + _GOLDEN)
        value = _mix((value ^ np.asarray(position).astype(np.uint64)) + _GOLDEN)
    return ((value >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def sample(logits: Tensor, choice: Choice, position: Integers) -> Tensor:
    """Draw one symbol per row.

    Parameters
    ----------
    logits : Tensor
        ``[M, V]``.
    choice : Choice
        How each row draws. ``top_k`` keeps the k likeliest; ``top_p`` of those the fewest whose probability together
        reaches p, at least one.
    position : ndarray
        ``[M]`` int64, how many symbols the row has read.

    Returns
    -------
    Tensor
        ``[M]`` int64 ids.

    References
    ----------
    Holtzman, A. et al. (2020). The curious case of neural text degeneration. ICLR.
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
