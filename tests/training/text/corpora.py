"""Small texts that tests train on."""

import numpy as np

from training.text.config import TextFitConfig

RHYME = "the cat sat on the mat, and the rat sat on the hat.\n" * 60


def fit_config(text=None, network=None, training=None):
    """A fit of a second or two."""
    return TextFitConfig.from_dict(
        {
            "text": {**(text or {})},
            "network": {"embedding": 12, "width": 24, "layers": 1, "dropout": 0.0, **(network or {})},
            "training": {
                "epochs": 3,
                "batch": 4,
                "length": 16,
                "learning_rate": 0.02,
                "warm_up": 0,
                "embedding_dropout": 0.0,
                "ngrams": 2,
                **(training or {}),
            },
        }
    )


def chinese_text(sentences=260, seed=0):
    """Sentences of a made-up grammar: subject, verb, object, a mark, over a few hundred characters."""
    random = np.random.default_rng(seed)
    characters = [chr(0x4E00 + 37 * number) for number in range(300)]
    nouns = ["".join(random.choice(characters[:200], 2)) for _ in range(60)]
    verbs = ["".join(random.choice(characters[200:], random.integers(1, 3))) for _ in range(30)]
    marks = ["。", "！", "？\n", "，"]
    parts = (
        f"{random.choice(nouns)}{random.choice(verbs)}{random.choice(nouns)}{random.choice(marks)}"
        for _ in range(sentences)
    )
    return "".join(parts)
