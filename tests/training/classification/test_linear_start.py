"""The linear model of n-grams or shapes: what it is fitted on is what the network reads, and it learns it."""

from dataclasses import replace

import numpy as np
import torch

from tests.training.classification.labelled import reviews, small_config, waves
from training.classification.batches import Batches
from training.classification.config import ClassificationTraining
from training.classification.linear_start import count_ngrams, fit_linear, measure_shapes
from training.classification.predictions import predict_parts
from training.classification.prepare import prepare
from training.classification.scores import in_deviations


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
    fit_linear(prepared.network, prepared.encoded["train"], ClassificationTraining(ngram_strength=10.0))
    test = prepared.encoded["test"]
    _, said = predict_parts(prepared.network, test)
    assert said is not None and (said.argmax(axis=1) == test.targets).mean() > 0.9


def test_three_classes_and_balance() -> None:
    """Of two classes a linear model has one row, of three it has three; a rare class counts as much as others."""
    prepared = prepare(reviews(200), small_config())
    examples = prepared.encoded["train"]
    for weights in ("none", "balanced"):
        fit_linear(prepared.network, examples, ClassificationTraining(ngram_strength=1.0, class_weights=weights))
    ngrams = prepared.network.ngrams
    assert ngrams is not None and ngrams.table.abs().sum() > 0
    batch = next(Batches(examples, 4, 0).epoch(0))
    logits = prepared.network.parts(batch.inputs, batch.lengths)[1]
    assert logits is not None and torch.allclose(logits.sum(dim=1), torch.zeros(len(logits)), atol=1e-5)


def test_shapes_are_learned() -> None:
    """Fast, slow and flat are shapes; what is fitted on shares of steps must be what the network gives."""
    config = small_config(network={"inputs": "values", "ngrams": 0, "dilations": [1, 2]})
    prepared = prepare(waves(), config)
    network, shapes = prepared.network, prepared.network.shapes
    fit_linear(network, prepared.encoded["train"], ClassificationTraining(linear_share=0.7))
    test = prepared.encoded["test"]
    _, said = predict_parts(network, test)
    assert shapes is not None and said is not None and float(network.ngram_share) == 0.7
    assert (said.argmax(axis=1) == test.targets).mean() > 0.9
    expected = measure_shapes(network, shapes, test) @ shapes.table.double().numpy() + shapes.bias.numpy()
    np.testing.assert_allclose(said, expected, atol=1e-4)


def test_shapes_estimate_numbers() -> None:
    """A number is estimated in units of its deviation; how long a series is, its shares of steps do not say."""
    speeds = {"flat": "0", "slow": "300", "fast": "1500"}
    examples = waves()
    examples = replace(examples, answers=[speeds[answer] for answer in examples.answers])
    config = small_config(
        classification={"numbers": True}, network={"inputs": "values", "ngrams": 0, "dilations": [1, 2]}
    )
    prepared = prepare(examples, config)
    fit_linear(prepared.network, prepared.encoded["train"], config.training)
    test = prepared.encoded["test"]
    _, said = predict_parts(prepared.network, test)
    assert said is not None
    assert np.abs(said[:, 0] - in_deviations(prepared.network, test.targets)).mean() < 0.2
