"""Classify texts and series, whole: what a notebook calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from statecast.errors import InputError
from statecast.models.classifier import Classifier

PIECE = 4096
"""Steps that are read at once, so that memory does not grow with the length of what streams."""
_BATCH = 32


@dataclass(frozen=True)
class Classification:
    """What a classifier says of one input."""

    label: str | None
    """The likeliest class; None where a number is estimated."""
    probabilities: dict[str, float]
    """Calibrated probability of each class; empty for a number."""
    number: float | None = None
    """The estimate, in its unit."""


def classify_inputs(network: Classifier, inputs: Sequence[Any]) -> list[Classification]:
    """Classify whole inputs, those of about the same length together.

    Parameters
    ----------
    network : Classifier
        The network, in evaluation mode.
    inputs : sequence
        Texts; or series, ``[T]`` or ``[T, C]``, NaN missing.

    Returns
    -------
    list of Classification
        In their order.

    Raises
    ------
    InputError
        If one cannot be read: it is named by its place.
    """
    encoded = []
    for place, one in enumerate(inputs):
        try:
            encoded.append(_encode(network, one))
        except InputError as error:
            raise InputError(f"inputs[{place}]: {error}") from None
    order = sorted(range(len(encoded)), key=lambda place: len(encoded[place]))
    found: dict[int, Classification] = {}
    for begin in range(0, len(order), _BATCH):
        chosen = order[begin : begin + _BATCH]
        outputs = _read(network, [encoded[place] for place in chosen])
        found |= {place: _describe(network, row) for place, row in zip(chosen, outputs.tolist(), strict=True)}
    return [found[place] for place in range(len(encoded))]


def _encode(network: Classifier, given: Any) -> NDArray[Any]:
    """Ids ``[T]`` int64, or values ``[T, C]`` float64; T >= 1."""
    longest = network.config.longest
    if network.tokenizer is not None:
        if not isinstance(given, str):
            raise InputError(f"expected a text, got {type(given).__name__}; this model reads texts")
        steps: NDArray[Any] = network.tokenizer.encode(given)
        if not len(steps):
            raise InputError(f"text: expected at least one {network.tokenizer.kind}, got none; send a text")
    else:
        steps = _values(given, network.config.channels)
    if len(steps) > longest:
        raise InputError(f"expected at most {longest:,} steps, got {len(steps):,}; send less, or a stream in parts")
    return steps


def _values(given: Any, channels: tuple[str, ...]) -> NDArray[np.float64]:
    if isinstance(given, str):
        raise InputError("expected a series of numbers, got a text; this model reads series")
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("expected a series of numbers, got something else; None or NaN for a missing one") from None
    values = values[:, None] if values.ndim == 1 and len(channels) == 1 else values
    if values.ndim != 2 or values.shape[1] != len(channels) or not len(values):
        raise InputError(
            f"expected at least one step of {len(channels)} channels ({', '.join(channels[:8])}), got an array of "
            f"shape {list(values.shape)}; send [T, {len(channels)}]"
        )
    if np.isinf(values).any():
        raise InputError("expected finite numbers, got an infinite one; send null for a missing value")
    return values


@torch.inference_mode()
def _read(network: Classifier, steps: Sequence[NDArray[Any]]) -> Tensor:
    """What a network says of B inputs, ``[B, K]``; what streams is read in pieces, so that memory stays bounded."""
    device = network.head.weight.device
    lengths = torch.tensor([len(one) for one in steps])
    inputs = pad_sequence([torch.from_numpy(one) for one in steps], batch_first=True)
    if inputs.shape[1] <= PIECE or network.streaming != "exact":
        return network.run(inputs.to(device), lengths.to(device)).cpu()
    state = network.initial_state(len(steps))
    for begin in range(0, inputs.shape[1], PIECE):
        piece = (lengths - begin).clamp(0, PIECE).to(device)
        outputs, state = network.advance(inputs[:, begin : begin + PIECE].to(device), piece, state)
    return outputs.cpu()


def _describe(network: Classifier, row: Sequence[float]) -> Classification:
    labels = network.config.labels
    if not labels:
        return Classification(None, {}, float(row[0]))
    probabilities = dict(zip(labels, row, strict=True))
    return Classification(max(labels, key=probabilities.__getitem__), probabilities)
