"""Laws of networks that read sequences: stepping equals running, no row knows its neighbours, padding says nothing.

On every variant of the classifier: each kind of input, each cell, with and without convolutions, n-grams, random
kernels and channels.
"""

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from statecast import Classifier, StateSpec
from statecast.errors import InputError
from statecast.layers.cells import registry as cells
from tests.builders import TINY_SENSOR, tiny_classifier

EXACT = 3e-6  # float32: products are summed in another order for one step than for many
VARIANTS: dict[str, dict[str, Any]] = {
    "words": {},
    "trigrams, deep": {"ngrams": 3, "layers": 2, "heads": 2},
    "characters": {"inputs": "char", "symbols": tuple("abc"), "kernels": (4,), "filters": 5, "ngrams": 0},
    "bytes, a number": {"inputs": "byte", "symbols": (), "labels": ()},
    "last step alone": {"pooling": ("last",), "shortcut": False, "ngrams": 0},
    "sensor": TINY_SENSOR,
    "sensor without convolutions": {**TINY_SENSOR, "kernels": (), "pooling": ("attention",)},
    "sensor with random kernels": {**TINY_SENSOR, "dilations": (1, 3)},
    **{f"cell {name}": {"cell": name, "layers": 2} for name in cells.names()},
}
few = settings(max_examples=25, deadline=None)
variants = pytest.mark.parametrize("kind", VARIANTS)


def batch(network: Classifier, rows: int, steps: int, seed: int) -> tuple[Tensor, Tensor]:
    """Inputs and lengths, padding filled with what must not matter."""
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, steps + 1, (rows,), generator=random)
    if network.tokenizer is not None:
        return torch.randint(1, len(network.tokenizer), (rows, steps), generator=random), lengths
    values = torch.randn(rows, steps, len(network.config.channels), generator=random, dtype=torch.float64)
    return values.masked_fill(torch.rand(values.shape, generator=random) < 0.1, torch.nan), lengths


def gap(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


@variants
@few
@given(st.integers(1, 4), st.integers(2, 40), st.integers(0, 999), st.data())
def test_stepping_equals_running(kind: str, rows: int, steps: int, seed: int, data: st.DataObject) -> None:
    """A session that was fed in parts must say what the whole says; else its probabilities are of another input."""
    network = tiny_classifier(**VARIANTS[kind])
    inputs, lengths = batch(network, rows, steps, seed)
    cuts = sorted({0, steps, *data.draw(st.lists(st.integers(1, steps), max_size=4))})
    state = network.initial_state(rows)
    for first, last in pairwise(cuts):
        outputs, state = network.advance(inputs[:, first:last], (lengths - first).clamp(0, last - first), state)
    assert gap(outputs, network.run(inputs, lengths)) <= EXACT
    assert state["count"].tolist() == lengths.tolist()


@variants
def test_one_step_at_a_time_and_nothing_at_all(kind: str) -> None:
    """The hardest split, each step alone as a sensor sends them; and a request without steps reads the same state."""
    network = tiny_classifier(**VARIANTS[kind])
    inputs, _ = batch(network, 2, 30, 1)
    state, one = network.initial_state(2), torch.ones(2, dtype=torch.int64)
    for step in range(30):
        outputs, state = network.advance(inputs[:, step : step + 1], one, state)
    assert gap(outputs, network.run(inputs, 30 * one)) <= EXACT
    again, same = network.advance(inputs[:, :0], 0 * one, state)
    assert torch.equal(again, outputs) and torch.equal(same.rows, state.rows)
    padded, kept = network.advance(inputs[:, :3], 0 * one, state)
    assert gap(padded, outputs) <= EXACT and torch.equal(kept["hidden"], state["hidden"])


@variants
@few
@given(st.permutations(range(4)), st.integers(1, 4), st.integers(0, 999))
def test_no_row_knows_its_neighbours(kind: str, order: list[int], size: int, seed: int) -> None:
    """In a batching server a neighbour is another customer: nothing of it may reach my answer."""
    network = tiny_classifier(**VARIANTS[kind])
    inputs, lengths = batch(network, 4, 20, seed)
    chosen = torch.tensor(order[:size])
    assert gap(network.run(inputs[chosen], lengths[chosen]), network.run(inputs, lengths)[chosen]) <= EXACT
    both, _ = network.advance(inputs, lengths, network.initial_state(4))
    alone, _ = network.advance(inputs[chosen], lengths[chosen], network.initial_state(size))
    assert gap(alone, both[chosen]) <= EXACT


@pytest.mark.parametrize("both", [False, True], ids=["one way", "both ways"])
@variants
def test_padding_says_nothing(kind: str, both: bool) -> None:
    """A short text beside a long one is padded; if that changed its class, answers would depend on the traffic."""
    network = tiny_classifier(**{**VARIANTS[kind], "bidirectional": both})
    inputs, lengths = batch(network, 3, 25, 7)
    other = inputs.clone()
    for row, length in enumerate(lengths.tolist()):
        other[row, length:] = 1
    wider = torch.cat([other, other], dim=1)
    whole = network.run(inputs, lengths)
    assert gap(network.run(other, lengths), whole) <= EXACT
    assert gap(network.run(wider, lengths), whole) <= EXACT
    for row, length in enumerate(lengths.tolist()):
        assert gap(network.run(inputs[row : row + 1, :length], lengths[row : row + 1]), whole[row : row + 1]) <= EXACT


@variants
def test_a_state_is_a_value(kind: str) -> None:
    """States are bytes that come back from a store; one that changed in place could not be read from again."""
    network = tiny_classifier(**VARIANTS[kind])
    inputs, lengths = batch(network, 2, 12, 3)
    before = network.initial_state(2)
    kept = before.rows.clone()
    first, after = network.advance(inputs, lengths, before)
    assert torch.equal(before.rows, kept) and isinstance(network.spec, StateSpec)
    assert after.rows.shape[1] == network.spec.row_bytes
    assert torch.equal(network.advance(inputs, lengths, before)[0], first)


def test_both_ways_does_not_stream() -> None:
    """What reads backwards needs the end; a session of it would answer from half of the network."""
    network = tiny_classifier(bidirectional=True)
    assert network.streaming == "none"
    with pytest.raises(InputError, match="session: not supported"):
        network.initial_state(1)


def test_a_long_stream_stays_exact() -> None:
    """Sums over a week of sensor values must not lose the newest ones; in float32 they would."""
    network = tiny_classifier(**{**TINY_SENSOR, "pooling": ("mean",), "kernels": (), "shortcut": True})
    values = torch.full((1, 1000, 2), 0.1, dtype=torch.float64)
    state, thousand = network.initial_state(1), torch.tensor([1000])
    _, state = network.advance(values, thousand, state)
    early = state["sum"] / state["steps"]
    huge = state.replace({"sum": state["sum"] * 1e6, "steps": state["steps"] * 1e6, "count": state["count"] * 10**6})
    _, late = network.advance(values, thousand, huge)
    assert torch.allclose(late["sum"] / late["steps"], early, rtol=1e-3)
    assert not torch.equal(late["sum"], huge["sum"])
