"""Labelled examples as values: inputs with their answers, cut into parts, encoded for a network."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.inputs.tokenizer import Tokenizer
from training.errors import TrainingError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class LabelledExamples:
    """Inputs as they were read, with their answers."""

    inputs: Sequence[Any]
    """N texts, or series ``[T, C]`` float64 with NaN missing."""
    answers: Sequence[str]
    """What each is, as it was written."""
    channels: tuple[str, ...] = ()
    """Names of the values of a step; none for texts."""
    parts: Sequence[str] | None = None
    """Part of each, out of ``PARTS``; None where fractions cut."""

    def __len__(self) -> int:
        return len(self.answers)

    def take(self, places: Sequence[int]) -> "LabelledExamples":
        """Pick some.

        Parameters
        ----------
        places : sequence of int
            Which, in order.

        Returns
        -------
        LabelledExamples
            As many.
        """
        return LabelledExamples([self.inputs[at] for at in places], [self.answers[at] for at in places], self.channels)


@dataclass(frozen=True)
class Encoded:
    """Examples as a network reads them."""

    steps: Sequence[NDArray[Any]]
    """Ids ``[T]`` int64, or values ``[T, C]`` float64, T >= 1."""
    targets: NDArray[Any]
    """Places of the labels ``[N]`` int64, or numbers ``[N]`` float64."""

    def __len__(self) -> int:
        return len(self.steps)


def cut_examples(examples: LabelledExamples, fractions: Sequence[float], seed: int) -> dict[str, LabelledExamples]:
    """Cut examples into parts, equal inputs into one.

    Parameters
    ----------
    examples : LabelledExamples
        All of them.
    fractions : sequence of float
        Shares of the three parts; not used where the examples say their parts.
    seed : int
        Seed of the cut.

    Returns
    -------
    dict of str to LabelledExamples
        By ``PARTS``; where an example lies hangs on it and the seed alone, not on the others.

    Raises
    ------
    TrainingError
        If nothing is left to train on, or a part whose share is above 0 is empty.
    """
    if examples.parts is None:
        ends = np.cumsum(fractions)
        shares = np.asarray([_share(one, seed) for one in examples.inputs])
        numbers = (shares[:, None] >= ends).sum(axis=1)  # what is in no part comes to 3
    else:
        numbers = np.asarray([PARTS.index(part) for part in examples.parts])
    found = {part: examples.take(np.flatnonzero(numbers == place).tolist()) for place, part in enumerate(PARTS)}
    for part, share in zip(PARTS, fractions, strict=True):
        if not len(found[part]) and (part == "train" or (share and examples.parts is None)):
            raise TrainingError(
                f"{part} part: expected at least one example, got none of {len(examples)}; give more examples or other "
                "fractions"
            )
    return found


def _share(one: Any, seed: int) -> float:
    """A number from 0 to below 1 that follows from an input and the seed."""
    raw = one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one.tobytes()
    return int.from_bytes(hashlib.sha256(seed.to_bytes(8, "little", signed=True) + raw).digest()[:6]) / 2**48


def find_labels(train: LabelledExamples) -> tuple[str, ...]:
    """Name the classes of the training part.

    Parameters
    ----------
    train : LabelledExamples
        The training part.

    Returns
    -------
    tuple of str
        In alphabetical order; numbers in theirs.

    Raises
    ------
    TrainingError
        If there are fewer than two, or nearly as many as examples.
    """
    found = sorted(set(train.answers))
    if len(found) < 2:
        raise TrainingError(
            f"label: expected at least two classes in the training part, got only {found[0][:40]!r}; give examples of "
            "another class"
        )
    if len(found) > max(2, len(train) // 2):
        raise TrainingError(
            f"label: expected classes, got {len(found)} different labels in {len(train)} examples, such as "
            f"{found[0][:40]!r}; set numbers = true in [classification] to estimate a number"
        )
    try:
        return tuple(sorted(found, key=float))
    except ValueError:
        return tuple(found)


def encode_examples(
    examples: LabelledExamples, labels: Sequence[str], tokenizer: Tokenizer | None, part: str, longest: int
) -> Encoded:
    """Turn examples into what a network reads.

    Parameters
    ----------
    examples : LabelledExamples
        A part.
    labels : sequence of str
        The classes; none where numbers are estimated.
    tokenizer : Tokenizer or None
        Of texts.
    part : str
        Its name, for errors.
    longest : int
        Steps allowed.

    Returns
    -------
    Encoded
        In their order.

    Raises
    ------
    TrainingError
        If an input is empty or too long, or a label unknown.
    """
    steps = [tokenizer.encode(one) if tokenizer else one for one in examples.inputs]
    for place, one in enumerate(steps):
        if not 1 <= len(one) <= longest:
            raise TrainingError(
                f"{part} part, example {place}: expected 1 to {longest:,} steps, got {len(one):,} in "
                f"{str(examples.inputs[place])[:40]!r}; leave it out, or raise longest in [network]"
            )
    return Encoded(steps, _targets(examples, labels, part))


def _targets(examples: LabelledExamples, labels: Sequence[str], part: str) -> NDArray[Any]:
    if not labels:
        try:
            numbers = np.asarray([float(answer) for answer in examples.answers], dtype=np.float64)
        except ValueError as error:
            raise TrainingError(f"label: expected numbers, got another text ({error}); mend it, or leave numbers out") \
                from None  # fmt: skip
        if not np.isfinite(numbers).all():
            raise TrainingError(f"label: expected finite numbers in the {part} part, got an infinite or missing one")
        return numbers
    places = {label: place for place, label in enumerate(labels)}
    if unknown := sorted(set(examples.answers) - places.keys()):
        raise TrainingError(
            f"label: the {part} part has {unknown[0][:40]!r}, which no training example has; known are "
            f"{', '.join(labels[:12])}; add examples of it to training or leave it out"
        )
    return np.asarray([places[answer] for answer in examples.answers], dtype=np.int64)
