"""Small labelled tables that a small network can learn in seconds."""

from typing import Any

import numpy as np

from training.classification.config import ClassificationFitConfig
from training.classification.examples import LabelledExamples

SMALL: dict[str, Any] = {
    "classification": {"fractions": [0.6, 0.2, 0.2], "vocabulary": 50},
    "network": {"embedding": 8, "width": 8, "ngrams": 2, "ngram_buckets": 64, "dropout": 0.0},
    "training": {"epochs": 6, "batch": 8, "learning_rate": 2e-2, "warm_up": 2, "seed": 1},
}


def small_config(**changes: dict[str, Any]) -> ClassificationFitConfig:
    """``SMALL`` with keys of its tables replaced."""
    return ClassificationFitConfig.from_dict(
        {name: {**table, **changes.get(name, {})} for name, table in SMALL.items()}
    )


def reviews(count: int = 200, seed: int = 0) -> LabelledExamples:
    """Texts whose class hangs on a word and on whether `not` stands before it."""
    random = np.random.default_rng(seed)
    texts, answers = [], []
    for _ in range(count):
        filler = random.choice(
            ["a", "film", "plot", "scene", "the", "what", "once"], size=random.integers(3, 15)
        ).tolist()
        good, negated = random.random() < 0.5, random.random() < 0.4
        place = int(random.integers(0, len(filler)))
        filler[place:place] = (["not"] if negated else ["so"]) + (["good"] if good else ["bad"])
        texts.append(" ".join(filler))
        answers.append("pos" if good != negated else "neg")
    return LabelledExamples(texts, answers)


def waves(count: int = 90, seed: int = 0) -> LabelledExamples:
    """Series of two channels and different lengths: slow, fast, or flat; some values missing."""
    random = np.random.default_rng(seed)
    inputs, answers = [], []
    for place in range(count):
        kind = ("flat", "fast", "slow")[place % 3]
        steps = np.arange(random.integers(20, 50))
        speed = {"flat": 0.0, "fast": 1.5, "slow": 0.3}[kind]
        values = np.stack([np.sin(speed * steps + random.random()), np.cos(speed * steps)], axis=1)
        values = values + 0.1 * random.normal(size=values.shape)
        values[random.random(values.shape) < 0.03] = np.nan
        inputs.append(values)
        answers.append(kind)
    return LabelledExamples(inputs, answers, ("x", "y"))
