"""The classifier beside its laws: configs, artifacts, whole inputs through ``statecast.load(path).classify``."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import statecast
from statecast import Classifier, ClassifierConfig
from statecast.api import classify as api
from statecast.errors import ArtifactError, ConfigError, InputError
from tests.builders import TINY_SENSOR, tiny_classifier, tiny_classifier_artifact, tiny_generator_artifact


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": "sound"}, "inputs: expected one of word"),
        ({"labels": ("a",)}, "labels: expected at least two"),
        ({"labels": ("a", "a")}, "labels: expected distinct"),
        ({"pooling": ()}, "pooling: expected some of"),
        ({"pooling": ("median",)}, "pooling: expected some of"),
        ({"kernels": (0,)}, "kernels"),
        ({"inputs": "values", "dilations": (0,)}, "dilations: expected whole numbers above 0"),
        ({"dilations": (1,)}, "dilations: expected none for texts"),
        ({"cell": "transformer"}, "cell"),
        ({"channels": ()}, "channels"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_impossible_configs_are_refused(changes: dict[str, Any], message: str) -> None:
    """A config is written by hand; a wrong key must be named, not fail inside of torch."""
    with pytest.raises(ConfigError, match=message):
        ClassifierConfig(**changes)


@pytest.mark.parametrize(
    "changes",
    [{}, TINY_SENSOR, {**TINY_SENSOR, "dilations": (1, 2)}, {"labels": ()}, {"bidirectional": True, "layers": 2}],
)
def test_an_artifact_classifies_as_its_network(changes: dict[str, Any], tmp_path: Path) -> None:
    """What is loaded must say what was saved, calibration and units included; else scores of the fit mean nothing."""
    tiny_classifier_artifact(tmp_path, **changes)
    artifact = statecast.load(tmp_path / "reviews-1")
    assert artifact.kind == "classifier" and artifact.classifier.config == tiny_classifier(**changes).config
    given: Any = (
        np.random.default_rng(0).normal(size=(7, 2)) if changes.get("inputs") == "values" else "Not very good, not bad."
    )
    found = artifact.classify(given)
    expected = api.classify_inputs(tiny_classifier(**changes), [given])[0]
    assert found == expected
    if found.label is None:
        assert found.number is not None and found.probabilities == {}
    else:
        assert found.label == max(found.probabilities, key=lambda label: found.probabilities[label])
        assert sum(found.probabilities.values()) == pytest.approx(1.0, abs=1e-6)
    manifest = artifact.manifest
    assert manifest["streaming"] == ("none" if changes.get("bidirectional") else "exact")


def test_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    """`classify` of a generator must say what it is, not fail on an attribute."""
    tiny_generator_artifact(tmp_path)
    with pytest.raises(ArtifactError, match="expected a classifier, got a generator"):
        statecast.load(tmp_path / "letters-1").classify("a")


def test_many_keep_their_order() -> None:
    """Inputs are read by length, answers come in the order of the inputs; mixed up, each customer gets another's."""
    network = tiny_classifier()
    texts = ["good " * count + "bad movie" for count in (9, 0, 40, 3, 1, 25)]
    together = api.classify_inputs(network, texts)
    for text, found in zip(texts, together, strict=True):
        alone = api.classify_inputs(network, [text])[0]
        assert found.probabilities == pytest.approx(alone.probabilities, abs=1e-6)


def test_long_inputs_are_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten megabytes must not take ten gigabytes: what streams is read in pieces, with the same result."""
    network, texts = tiny_classifier(), ["not good " * 50, "very bad movie"]
    whole = api.classify_inputs(network, texts)
    monkeypatch.setattr(api, "PIECE", 16)
    for one, other in zip(api.classify_inputs(network, texts), whole, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "given", "message"),
    [
        ({}, "", "expected at least one word"),
        ({}, "  <br /> ", "expected at least one word"),
        ({}, [1.0, 2.0], "expected a text, got list"),
        ({"longest": 5}, "good " * 6, "expected at most 5 steps, got 6"),
        (TINY_SENSOR, "text", "expected a series of numbers, got a text"),
        (TINY_SENSOR, [1.0, 2.0], "expected at least one step of 2 channels"),
        (TINY_SENSOR, [], "expected at least one step"),
        (TINY_SENSOR, [["a", "b"]], "expected a series of numbers"),
        (TINY_SENSOR, [[1.0, np.inf]], "infinite"),
    ],
)
def test_bad_input_is_refused_by_place(changes: dict[str, Any], given: Any, message: str) -> None:
    """Who sends a thousand texts must learn which one is empty, and why it cannot be read."""
    with pytest.raises(InputError, match=rf"inputs\[0\].*{message}"):
        api.classify_inputs(tiny_classifier(**changes), [given])


def test_shapes_that_do_not_go_together_are_refused() -> None:
    """A batch of the wrong rank would broadcast to a wrong answer."""
    network = tiny_classifier()
    with pytest.raises(InputError, match="expected"):
        network.run(torch.ones(2, 3, 4), torch.tensor([3, 3]))


def test_missing_values_of_a_channel_are_read_as_missing() -> None:
    """None becomes NaN, which is read with its own sign and not as a zero of the sensor."""
    network = tiny_classifier(**TINY_SENSOR)
    gap = api.classify_inputs(network, [[[1.0, None], [2.0, 0.5]]])[0]
    zero = api.classify_inputs(network, [[[1.0, float(network.channel_mean[1])], [2.0, 0.5]]])[0]
    assert gap.probabilities != zero.probabilities


def test_training_reaches_every_weight() -> None:
    """A part that gets no gradient is dead weight in every artifact."""
    for changes in ({"kernels": (2,)}, {**TINY_SENSOR, "bidirectional": True}):
        network = Classifier(tiny_classifier(**changes).config).train()
        if network.tokenizer is None:
            inputs = torch.randn(4, 9, 2, dtype=torch.float64)
        else:
            inputs = torch.randint(1, len(network.tokenizer), (4, 9))
        network(inputs, torch.tensor([9, 4, 7, 1])).square().sum().backward()
        learned = [(name, one) for name, one in network.named_parameters() if one.requires_grad]
        silent = [name for name, weight in learned if weight.grad is None]
        assert not silent
