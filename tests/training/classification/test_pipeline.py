"""A fit of a classifier from examples to artifact: it learns, repeats, goes on after a stop, and is loaded."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import statecast
from statecast.inputs.vocabulary import Vocabulary
from statecast.models.generator import Generator, GeneratorConfig
from tests.training.classification.labelled import reviews, small_config, waves
from training.classification.leaderboard import LINEAR, RECURRENT, SHAPES
from training.classification.objective import Classify, class_weights
from training.classification.pipeline import backtest_classifier, fit_classifier
from training.classification.predictions import predict_parts
from training.classification.prepare import prepare
from training.classification.scores import NumberScore
from training.classification.warm_start import start_embeddings
from training.errors import TrainingError
from training.evaluation.leaderboard import OURS
from training.fitting.loop import Fit
from training.fitting.weights import copy_weights


def test_reviews_are_learned_and_served(tmp_path: Path) -> None:
    """The whole way: what `not good` means is in neither word; the artifact must say what the leaderboard scored."""
    examples = reviews(400)
    outcome = fit_classifier(examples, small_config(training={"epochs": 12}), tmp_path / "m", name="m")
    scores = outcome.leaderboard.manifest()
    assert scores["ours"]["accuracy"] > 0.9 and LINEAR in scores["baselines"]
    artifact = statecast.load(tmp_path / "m")
    assert artifact.manifest["scores"] == scores and artifact.classifier.config.labels == ("neg", "pos")
    assert artifact.classify("the film is not good").label == "neg"
    assert backtest_classifier(artifact, examples).manifest()["ours"] == scores["ours"]
    page = (tmp_path / "m" / "report.html").read_text()
    assert all(word in page for word in ("Reliability", "Confusion", "calibration error", LINEAR))


def test_series_of_channels_and_lengths(tmp_path: Path) -> None:
    """Sensors: several channels, gaps and lengths of their own."""
    config = small_config(
        network={"inputs": "values", "ngrams": 0, "dilations": [1, 4], "kernels": [5, 3], "filters": 8},
        training={"epochs": 15},
    )
    outcome = fit_classifier(waves(), config, tmp_path / "w", name="w")
    score: Any = outcome.leaderboard.scores[OURS]
    assert score.accuracy > 0.8 and {RECURRENT, SHAPES} <= outcome.leaderboard.scores.keys()
    loaded = statecast.load(tmp_path / "w")
    assert loaded.manifest["channels"] == ["x", "y"]
    assert set(loaded.classify(waves(3, seed=9).inputs[0]).probabilities) == {"fast", "flat", "slow"}


def test_numbers_are_estimated_in_their_unit(tmp_path: Path) -> None:
    """A number of thousands is learned in its deviation and given back in its unit."""
    examples = waves()
    numbers = replace(examples, answers=[str(1000.0 + 10.0 * len(one)) for one in examples.inputs])
    table = {"numbers": True}
    network = {"inputs": "values", "ngrams": 0, "pooling": ["mean", "last"]}
    config = small_config(classification=table, network=network, training={"epochs": 20})
    outcome = fit_classifier(numbers, config, tmp_path / "n", name="n")
    score = outcome.leaderboard.scores[OURS]
    assert isinstance(score, NumberScore) and score.mae < 150.0
    found = statecast.load(tmp_path / "n").classify(examples.inputs[0])
    assert found.label is None and found.number is not None and 1000.0 < found.number < 1800.0
    assert "Estimates" in (tmp_path / "n" / "report.html").read_text()


def test_the_same_seed_gives_the_same_artifact(tmp_path: Path) -> None:
    """Without this no figure of a page can be checked by anybody."""
    first, again, other = (
        fit_classifier(
            reviews(80), small_config(training={"epochs": 2, "seed": seed}), tmp_path / str(place), name="m"
        ).network.state_dict()
        for place, seed in enumerate((1, 1, 2))
    )
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_a_resumed_fit_is_an_uninterrupted_one(tmp_path: Path) -> None:
    """A fit of an hour that was stopped must go on, and to the same weights."""
    config = small_config(training={"epochs": 4, "symbol_dropout": 0.2, "accumulate": 2}, network={"dropout": 0.3})
    whole = prepare(reviews(100), config)
    Fit(Classify(whole.network, whole.encoded["train"], whole.encoded["validation"], config.training)).run()
    parts = prepare(reviews(100), config)
    objective = Classify(parts.network, parts.encoded["train"], parts.encoded["validation"], config.training)
    Fit(objective, tmp_path).run(stop_after=2 * objective.steps_per_epoch)
    fresh = prepare(reviews(100), config)
    Fit(Classify(fresh.network, fresh.encoded["train"], fresh.encoded["validation"], config.training), tmp_path).run(
        resume=True
    )
    ours, theirs = copy_weights(whole.network), copy_weights(fresh.network)
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_accumulated_batches_are_one_large_batch() -> None:
    """Where memory holds few texts at once, the step must still be that of them all."""
    together = prepare(reviews(60), small_config(training={"batch": 64}))
    apart = prepare(reviews(60), small_config(training={"batch": 8, "accumulate": 64}))
    gradients = []
    for prepared, batch, accumulate in ((together, 64, 1), (apart, 8, 64)):
        training = small_config(training={"batch": batch, "accumulate": accumulate}).training
        objective = Classify(
            prepared.network.train(), prepared.encoded["train"], prepared.encoded["validation"], training
        )
        for some, share in objective.draw(0, torch.device("cpu")):
            (objective.loss(some) * share).backward()
        gradients.append(prepared.network.head.weight.grad)
    assert gradients[0] is not None and gradients[1] is not None
    assert torch.allclose(gradients[0], gradients[1], atol=1e-5)


def test_class_weights_make_classes_count_the_same() -> None:
    """One failure in a hundred is what the fit is for; unweighted, a network that never reports one is 99 % right."""
    encoded = prepare(reviews(50), small_config()).encoded["train"]
    rare = replace(encoded, targets=np.array([0] * (len(encoded) - 2) + [1, 1]))
    weights = class_weights(rare, 2, "balanced")
    assert weights is not None
    counts = torch.bincount(torch.from_numpy(rare.targets)).float()
    assert torch.allclose(weights * counts, torch.full((2,), len(rare) / 2.0))
    assert class_weights(rare, 2, "none") is None


def test_embeddings_start_from_a_next_word_model(tmp_path: Path) -> None:
    """What a next-word model learned of the same words is kept; symbols it does not know start at random."""
    torch.manual_seed(0)
    symbols = Vocabulary.of("word", "good bad not so film").symbols
    generator = Generator(GeneratorConfig("word", symbols, embedding=8, width=8)).eval()
    statecast.save(tmp_path / "words", generator, {"name": "words", "version": "1"})
    prepared = prepare(reviews(80), small_config())
    before = prepared.network.embed.weight.detach().clone()
    share = start_embeddings(prepared.network, tmp_path / "words")
    tokenizer = prepared.network.tokenizer
    assert tokenizer is not None and 0.3 < share < 0.7
    good, what = (int(tokenizer.encode(word)[0]) for word in ("good", "what"))
    after = prepared.network.embed.weight
    assert torch.equal(after[what], before[what])
    theirs = generator.embed.weight[int(generator.vocabulary.encode("good")[0][0])]
    assert torch.cosine_similarity(after[good], theirs, dim=0) > 0.999
    fit = small_config(training={"embeddings": str(tmp_path / "words"), "epochs": 1})
    assert fit_classifier(reviews(60), fit, tmp_path / "warm", name="w").network is not None
    with pytest.raises(TrainingError, match="has a width of 8"):
        start_embeddings(prepare(reviews(80), small_config(network={"embedding": 4})).network, tmp_path / "words")


def test_predictions_do_not_hang_on_the_batch() -> None:
    """Validation is scored in batches by length and given back in order; mixed up, it would choose at random."""
    prepared = prepare(reviews(60), small_config())
    network, encoded = prepared.network.eval(), prepared.encoded["train"]
    whole, _ = predict_parts(network, encoded)
    for place in (0, 7, len(encoded) - 1):
        alone, _ = predict_parts(network, replace(encoded, steps=[encoded.steps[place]], targets=encoded.targets[:1]))
        np.testing.assert_allclose(alone[0], whole[place], atol=1e-5)


@pytest.mark.parametrize("kind", ["char", "byte"])
def test_characters_and_bytes(kind: str, tmp_path: Path) -> None:
    """Text in a language without spaces is read by characters; of any encoding by bytes."""
    config = small_config(network={"inputs": kind, "kernels": [4]}, training={"epochs": 1, "baselines": False})
    fit_classifier(reviews(60), config, tmp_path / kind, name=kind)
    assert statecast.load(tmp_path / kind).classify("そう good").label in ("neg", "pos")
