"""Greedy decoding goes on from piece to piece; beam search finds the likeliest text; times are those of the symbols.

Without this, a word at the border of two chunks would be written twice, and a beam would be worth nothing.
"""

from itertools import pairwise, product

import numpy as np
import pytest

from statecast.ctc.beam import align, beam_search
from statecast.ctc.greedy import decode_greedily
from statecast.ctc.symbols import BLANK, Symbols


def steps(seed, count, symbols, sharpness=1.0):
    logits = sharpness * np.random.default_rng(seed).standard_normal((count, symbols))
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


def collapsed(path):
    return tuple(here for before, here in pairwise((BLANK, *path)) if here not in (before, BLANK))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pieces_are_decoded_as_the_whole(seed, size):
    whole = steps(seed, 40, 3, sharpness=2.0)
    expected, _ = decode_greedily(whole)
    found, last = decode_greedily(whole[:0])[0], BLANK
    for first in range(0, len(whole), size):
        piece = whole[first : first + size]
        found = found.joined(*decode_greedily(piece, first, last))
        last = int(piece[-1].argmax())
    assert tuple(expected.ids.tolist()) == collapsed(whole.argmax(axis=1).tolist())
    for name in ("ids", "starts", "ends", "confidences"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_the_likeliest_text(seed):
    whole = steps(seed, 5, 3)
    totals = {}
    for path in product(range(3), repeat=5):
        score = sum(float(whole[step, symbol]) for step, symbol in enumerate(path))
        totals[collapsed(path)] = np.logaddexp(totals.get(collapsed(path), -np.inf), score)
    assert beam_search(whole, width=1000) == max(totals, key=totals.get)


class Alternating:
    """A language in which no symbol follows itself."""

    def log_probabilities(self, prefix):
        says = np.log(np.full(3, 0.5))
        if prefix:
            says[prefix[-1]] = -20.0
        return says


def test_a_model_of_text_decides_where_the_sound_does_not():
    sound = np.log(np.array([[0.1, 0.8, 0.1], [0.98, 0.01, 0.01], [0.1, 0.5, 0.4]], dtype=np.float32))
    assert beam_search(sound, 8) == (1, 1)
    assert beam_search(sound, 8, Alternating(), weight=1.0) == (1, 2)
    assert beam_search(sound, 8, Alternating(), weight=0.0) == (1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_aligning_what_was_decoded_greedily_gives_its_times(seed):
    whole = steps(seed, 30, 4, sharpness=4.0)
    greedy, _ = decode_greedily(whole)
    aligned = align(whole, tuple(greedy.ids.tolist()))
    assert aligned.starts.tolist() == greedy.starts.tolist()
    assert aligned.ends.tolist() == greedy.ends.tolist()
    assert np.allclose(aligned.confidences, greedy.confidences)


def test_nothing_is_nothing():
    silent = np.log(np.array([[0.98, 0.01, 0.01]] * 4, dtype=np.float32))
    assert beam_search(silent, 4) == () and len(align(silent, ())) == 0
    assert len(decode_greedily(silent)[0]) == 0 and beam_search(silent[:0], 4) == ()


def test_characters_are_joined_to_words():
    places = np.arange(6)
    said = Symbols(np.array([1, 2, 3, 3, 2, 1]), places, places + 1, np.linspace(0.9, 0.4, 6))
    found = said.spelled(("a", "b", " "), "", 0.5)
    assert found.text == "ab ba"
    assert [(segment.text, segment.start_s, segment.end_s) for segment in found.segments] == [
        ("ab", 0.0, 1.0), ("ba", 2.0, 3.0),
    ]  # fmt: skip
    assert [segment.confidence for segment in found.segments] == [0.8, 0.4]
