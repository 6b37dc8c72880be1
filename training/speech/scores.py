"""How well strings are written down: the share of words that are wrong, missing or too many."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from statecast.ctc.greedy import decode_greedily
from statecast.models.transcriber import Transcriber
from training.speech.batches import collate
from training.speech.strings import SpokenString

_BATCH = 32
MISSING = "–"
"""What stands for a word that was not written, or not said."""


@dataclass
class SpeechScore:
    """Errors of some strings."""

    words: int = 0
    """Words that were said."""
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each word was written as each, by the cheapest way to turn one string into the other."""

    @property
    def errors(self) -> int:
        """Words that are wrong, missing or too many."""
        return sum(count for (said, written), count in self.pairs.items() if said != written)

    @property
    def rate(self) -> float:
        """Errors per word that was said."""
        return self.errors / max(self.words, 1)

    def add(self, said: Sequence[str], written: Sequence[str]) -> None:
        """Count one string.

        Parameters
        ----------
        said : sequence of str
            Words that were said.
        written : sequence of str
            Words that the network wrote.
        """
        self.words += len(said)
        self.pairs.update(pair_words(said, written))


def pair_words(said: Sequence[str], written: Sequence[str]) -> list[tuple[str, str]]:
    """Pair the words of two strings at the least number of differences (Levenshtein).

    Parameters
    ----------
    said, written : sequence of str
        The strings.

    Returns
    -------
    list of tuple
        Pairs in order; ``MISSING`` stands for none.

    Examples
    --------
    >>> pair_words("1 2 3".split(), "1 3 3".split())
    [('1', '1'), ('2', '3'), ('3', '3')]
    >>> pair_words(["1"], [])
    [('1', '–')]
    """
    costs = [[row + column if not row or not column else 0 for column in range(len(written) + 1)]
             for row in range(len(said) + 1)]  # fmt: skip
    for row in range(1, len(said) + 1):
        for column in range(1, len(written) + 1):
            costs[row][column] = min(
                costs[row - 1][column - 1] + (said[row - 1] != written[column - 1]),
                costs[row - 1][column] + 1,
                costs[row][column - 1] + 1,
            )
    pairs, row, column = [], len(said), len(written)
    while row or column:
        here = costs[row][column]
        if row and column and here == costs[row - 1][column - 1] + (said[row - 1] != written[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((said[row], written[column]))
        elif row and here == costs[row - 1][column] + 1:
            row -= 1
            pairs.append((said[row], MISSING))
        else:
            column -= 1
            pairs.append((MISSING, written[column]))
    return pairs[::-1]


@torch.inference_mode()
def score_strings(network: Transcriber, strings: Sequence[SpokenString]) -> dict[str, SpeechScore]:
    """Write strings down greedily and count the errors.

    Parameters
    ----------
    network : Transcriber
        The network; it is left in the mode, training or not, that it was in.
    strings : sequence of SpokenString
        Each by one speaker.

    Returns
    -------
    dict of str to SpeechScore
        By speaker.
    """
    training = network.training
    network.eval()
    labels, device = network.config.symbols, network.head.weight.device
    found: dict[str, SpeechScore] = {}
    ordered = sorted(strings, key=len)
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH]
        batch = collate(some, labels).to(device)
        emissions = network.run(batch.samples, batch.lengths)
        for row, one in enumerate(some):
            symbols, _ = decode_greedily(emissions.row(row))
            written = [labels[symbol - 1] for symbol in symbols.ids.tolist()]
            found.setdefault(one.words[0].speaker, SpeechScore()).add(one.labels, written)
    network.train(training)
    return dict(sorted(found.items()))


def total_score(scores: dict[str, SpeechScore]) -> SpeechScore:
    """Add the scores of all speakers.

    Parameters
    ----------
    scores : dict of str to SpeechScore
        By speaker.

    Returns
    -------
    SpeechScore
        Of all strings.
    """
    whole = SpeechScore()
    for score in scores.values():
        whole.words += score.words
        whole.pairs.update(score.pairs)
    return whole
