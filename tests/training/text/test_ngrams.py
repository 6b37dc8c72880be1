"""Kneser-Ney against values worked out by hand, and as a distribution."""

import math

import numpy as np
import pytest

from training.text.config import TextConfig
from training.text.corpus import cut_text
from training.text.leaderboard import score_ngrams
from training.text.ngrams import KneserNey, estimate_discounts

A, B, C = 0, 1, 2
HALF = (0.5, 0.5, 0.5)


def test_a_bigram_model_by_hand():
    """Text a b a c, vocabulary a b c; before the text stands a mark that is no symbol.

    Bigrams: (mark a) (a b) (b a) (a c), once each. Different symbols before a: mark and b, 2; before b and c: 1 each.
    Unigrams: 4 in all, 3 kinds, so 1.5 is taken off and spread over 3 symbols:
    P(a) = 1.5/4 + 1.5/4/3 = 1/2; P(b) = P(c) = 0.5/4 + 1.5/4/3 = 1/4.
    After a: 2 bigrams of 2 kinds, 1 is taken off: P(b | a) = 0.5/2 + 1/2 * 1/4 = 3/8 = P(c | a); P(a | a) = 1/4.
    After b: P(a | b) = 0.5/1 + 0.5/1 * 1/2 = 3/4. After c nothing was ever seen: P(x | c) = P(x).
    """
    model = KneserNey(np.array([A, B, A, C]), 3, 2, discounts=(HALF, HALF))
    expected = {(A, A): 1 / 4, (A, B): 3 / 8, (A, C): 3 / 8, (B, A): 3 / 4, (B, B): 1 / 8, (C, A): 1 / 2, (C, C): 1 / 4}
    for pair, value in expected.items():
        assert model.probabilities(np.array(pair))[1] == pytest.approx(value), pair
    first = model.probabilities(np.array([A]))[0]
    assert first == pytest.approx(0.5 + 0.5 * 0.5)
    assert model.nats(np.array([A, B, A])) == pytest.approx(-math.log(3 / 8) - math.log(3 / 4))


def test_a_trigram_model_backs_off_by_hand():
    """The same text: (a b a) was seen once, so P(a | a b) = 0.5 + 0.5 * P(a | b), and the bigram is as before but for
    counting contexts: (b a) follows one symbol. After (c a), never seen, the trigram is the bigram.
    """
    model = KneserNey(np.array([A, B, A, C]), 3, 3, discounts=(HALF, HALF, HALF))
    assert model.probabilities(np.array([A, B, A]))[2] == pytest.approx(0.5 + 0.5 * 3 / 4)
    assert model.probabilities(np.array([C, A, B]))[2] == pytest.approx(3 / 8)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_of_all_symbols_sum_to_one(order):
    random = np.random.default_rng(order)
    model = KneserNey(random.integers(0, 5, 400), 6, order)
    for length in (0, 1, 3, 9):
        history = random.integers(0, 6, length)
        total = sum(model.probabilities(np.append(history, symbol))[-1] for symbol in range(6))
        assert total == pytest.approx(1.0)


def test_discounts_are_those_of_chen_and_goodman():
    counts = np.array([1.0] * 6 + [2.0] * 3 + [3.0] * 2 + [4.0] + [9.0])
    single = 6 / (6 + 2 * 3)
    expected = (1 - 2 * single * 3 / 6, 2 - 3 * single * 2 / 3, 3 - 4 * single * 1 / 2)
    assert estimate_discounts(counts) == pytest.approx(expected)
    assert estimate_discounts(np.array([1.0, 2.0])) == pytest.approx((1 / 3,) * 3)
    assert estimate_discounts(np.array([5.0])) == (0.75,) * 3


@pytest.mark.parametrize("kind", ["char", "word"])
def test_more_context_helps_and_bits_are_of_characters(kind):
    random = np.random.default_rng(0)
    text = " ".join(random.choice(["the cat sat", "on the mat", "a dog ran", "by the cat"], 800))
    corpus = cut_text(text, TextConfig(vocabulary=kind))
    scores = [score_ngrams(corpus, corpus.held_out, order) for order in (1, 2, 3)]
    assert scores[0].loss > scores[1].loss > scores[2].loss
    assert scores[2].bits == pytest.approx(scores[2].nats / math.log(2) / scores[2].characters)
    if kind == "char":
        assert scores[2].bits == pytest.approx(math.log2(scores[2].perplexity))
