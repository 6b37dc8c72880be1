"""The linear model of n-grams: what is fitted on counts is what the network reads, and it learns what pairs mean."""

import numpy as np
import torch

from tests.training.classification.labelled import reviews, small_config
from training.classification.batches import Batches
from training.classification.linear_start import count_ngrams, fit_ngrams
from training.classification.predictions import predict_parts
from training.classification.prepare import prepare


def test_counts_are_what_the_network_reads() -> None:
    """Fitted on one hash and served on another, the table would be noise."""
    prepared = prepare(reviews(40), small_config())
    ngrams, train = prepared.network.ngrams, prepared.encoded["train"]
    assert ngrams is not None
    ngrams.table.copy_(torch.randn(ngrams.table.shape))
    counts = count_ngrams(ngrams, train)
    totals = np.asarray([2 * len(one) for one in train.steps])
    assert counts.sum(axis=1).A1.tolist() == totals.tolist()
    expected = counts @ ngrams.table.numpy() / np.sqrt(totals)[:, None]
    np.testing.assert_allclose(predict_parts(prepared.network, train)[1], expected, atol=1e-4)


def test_pairs_are_learned() -> None:
    """`not good` is in neither word; a table of single words alone would be right three times of five."""
    prepared = prepare(reviews(400), small_config(network={"ngram_buckets": 4096}))
    fit_ngrams(prepared.network, prepared.encoded["train"], strength=10.0, balanced=False)
    test = prepared.encoded["test"]
    _, said = predict_parts(prepared.network, test)
    assert said is not None and (said.argmax(axis=1) == test.targets).mean() > 0.9


def test_three_classes_and_balance() -> None:
    """Of two classes a linear model has one row, of three it has three; a rare class counts as much as others."""
    prepared = prepare(reviews(200), small_config())
    examples = prepared.encoded["train"]
    for balanced in (False, True):
        fit_ngrams(prepared.network, examples, strength=1.0, balanced=balanced)
    ngrams = prepared.network.ngrams
    assert ngrams is not None and ngrams.table.abs().sum() > 0
    batch = next(Batches(examples, 4, 0).epoch(0))
    logits = prepared.network.parts(batch.inputs, batch.lengths)[1]
    assert logits is not None and torch.allclose(logits.sum(dim=1), torch.zeros(len(logits)), atol=1e-5)
