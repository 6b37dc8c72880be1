"""Labelled examples: cut by what they are, encoded, and refused where no fit could come of them."""

import numpy as np
import pytest

from statecast.inputs.tokenizer import Tokenizer
from training.classification.batches import Batches
from training.classification.examples import Encoded, LabelledExamples, cut_examples, encode_examples, find_labels
from training.errors import TrainingError


def texts(count: int) -> LabelledExamples:
    return LabelledExamples([f"text {place}" for place in range(count)], [str(place % 2) for place in range(count)])


def test_equal_texts_lie_in_one_part() -> None:
    """A review that comes twice, once to learn and once to test, would flatter the test."""
    examples = texts(300)
    doubled = LabelledExamples([*examples.inputs, *examples.inputs], [*examples.answers, *examples.answers])
    parts = cut_examples(doubled, (0.6, 0.2, 0.2), 0)
    seen = [set(part.inputs) for part in parts.values()]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert sum(len(part) for part in parts.values()) == 600
    assert 0.15 < len(parts["test"]) / 600 < 0.25


def test_more_examples_move_none() -> None:
    """Where an example lies hangs on itself: with more data the test part may not leak into training."""
    few, many = (cut_examples(texts(count), (0.5, 0.0, 0.5), 3) for count in (50, 100))
    assert set(few["test"].inputs) <= set(many["test"].inputs)


def test_parts_of_the_data_are_kept() -> None:
    """Published splits are compared on; another cut would not be comparable."""
    examples = LabelledExamples(["a", "b", "c"], ["0", "1", "0"], (), ["train", "train", "test"])
    parts = cut_examples(examples, (0.1, 0.1, 0.8), 0)
    assert parts["train"].inputs == ["a", "b"] and parts["test"].inputs == ["c"] and not len(parts["validation"])


def test_one_class_is_refused() -> None:
    """A network of one class is always right and knows nothing."""
    with pytest.raises(TrainingError, match="at least two classes"):
        find_labels(LabelledExamples(["a", "b"], ["yes", "yes"]))


def test_numbers_that_look_like_classes_are_refused() -> None:
    """A column of prices as classes would make a network of thousands of outputs."""
    with pytest.raises(TrainingError, match="numbers = true"):
        find_labels(LabelledExamples(["a"] * 10, [f"{place}.5" for place in range(10)]))


def test_labels_come_in_their_order() -> None:
    """`10` behind `9`: tables and matrices are read in this order."""
    assert find_labels(LabelledExamples(["a"] * 9, ["10", "9", "1"] * 3)) == ("1", "9", "10")
    assert find_labels(LabelledExamples(["a"] * 9, ["b", "a", "c"] * 3)) == ("a", "b", "c")


def test_an_unknown_label_is_refused() -> None:
    """A class that only the test has cannot be learned; scored as wrong it would hide a mistake in the data."""
    examples = LabelledExamples(["a"], ["maybe"])
    with pytest.raises(TrainingError, match="'maybe', which no training example has"):
        encode_examples(examples, ("no", "yes"), Tokenizer("byte"), "test", 100)


@pytest.mark.parametrize("text", ["", "<br />", "word " * 40])
def test_empty_and_endless_inputs_are_refused(text: str) -> None:
    """An empty text teaches that silence is a class; one of a gigabyte stops the fit an hour later."""
    with pytest.raises(TrainingError, match="expected 1 to 30 steps"):
        encode_examples(LabelledExamples([text], ["1"]), ("0", "1"), Tokenizer("word", ["word"]), "train", 30)


def test_targets_that_are_no_numbers_are_refused() -> None:
    """`numbers = true` on classes must say which text it cannot read."""
    with pytest.raises(TrainingError, match="expected numbers"):
        encode_examples(LabelledExamples(["a"], ["good"]), (), Tokenizer("byte"), "train", 10)
    with pytest.raises(TrainingError, match="finite"):
        encode_examples(LabelledExamples(["a"], ["nan"]), (), Tokenizer("byte"), "train", 10)


def test_batches_are_of_about_the_same_length_and_lose_nothing() -> None:
    """Padding is computed for nothing; an example that no batch holds is not learned from."""
    random = np.random.default_rng(0)
    steps = [np.full(length, place + 1) for place, length in enumerate(random.integers(1, 400, 500))]
    batches = Batches(Encoded(steps, np.arange(500)), 16, seed=3)
    padded, real, seen = 0, 0, []
    for batch in batches.epoch(1):
        padded, real = padded + batch.inputs.numel(), real + int(batch.lengths.sum())
        seen += batch.targets.tolist()
        for row, (length, target) in enumerate(zip(batch.lengths.tolist(), batch.targets.tolist(), strict=True)):
            assert (batch.inputs[row, :length] == target + 1).all() and (batch.inputs[row, length:] == 0).all()
    assert sorted(seen) == list(range(500))
    assert real / padded > 0.9
    again = [batch.targets.tolist() for batch in batches.epoch(1)]
    assert [place for some in again for place in some] == seen
    assert [batch.targets.tolist() for batch in batches.epoch(2)] != again


def test_long_examples_are_cut_to_their_end() -> None:
    """Verdicts stand at the end of a review; a cut that kept the beginning would train on the plot."""
    batch = Batches(Encoded([np.arange(1, 8)], np.zeros(1)), 4, seed=0, length=3).gather([0])
    assert batch.inputs.tolist() == [[5, 6, 7]] and batch.lengths.tolist() == [3]
