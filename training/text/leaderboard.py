"""One table for all models: our network and the n-gram models, on every symbol of the same held-out text."""

from dataclasses import dataclass
from typing import Any

from statecast.models.generator import Generator
from training.evaluation.leaderboard import OURS
from training.progress import Watcher
from training.text.corpus import Corpus, Passage
from training.text.ngrams import KneserNey
from training.text.scores import TextScore, score_passage


@dataclass(frozen=True)
class TextLeaderboard:
    """Scores of all models on the held-out text."""

    scores: dict[str, TextScore]
    """Scores by name, ours first; empty if nothing is held out."""
    unknown: float
    """Share of held-out symbols that the vocabulary does not know."""

    def manifest(self) -> dict[str, Any]:
        """Give what the artifact's manifest says of it, as JSON values."""
        rows = {name: score.table() for name, score in self.scores.items()}
        tokens = self.scores[OURS].tokens if self.scores else 0
        return {"ours": rows.pop(OURS, {}), "baselines": rows, "tokens": tokens, "unknown": round(self.unknown, 6)}


def new_text_leaderboard(network: Generator, corpus: Corpus, *, ngrams: int, watcher: Watcher) -> TextLeaderboard:
    """Score the network with carried state, and n-gram models, on the held-out part.

    An unknown symbol counts as one symbol for all models. The n-gram models are counted on the training part alone, as
    the network is trained on it alone.

    Parameters
    ----------
    network : Generator
        The trained network.
    corpus : Corpus
        The text.
    ngrams : int
        Highest order of the Kneser-Ney models, 0 for none.
    watcher : Watcher
        Follows the progress.

    Returns
    -------
    TextLeaderboard
        The scores, ours first; empty if nothing is held out.
    """
    passage = corpus.held_out
    if len(passage.tokens) < 2:
        return TextLeaderboard({}, 0.0)
    watcher.say("testing: the whole held-out text, state carried from its first symbol")
    scores = {OURS: score_passage(network, passage)}
    for order in range(1, ngrams + 1):
        scores[f"kneser_ney_{order}"] = score_ngrams(corpus, passage, order)
    return TextLeaderboard(scores, passage.unknown / len(passage.tokens))


def score_ngrams(corpus: Corpus, passage: Passage, order: int) -> TextScore:
    """Score Kneser-Ney of one order, counted on the training part.

    Parameters
    ----------
    corpus : Corpus
        The text; its training part is counted.
    passage : Passage
        What is predicted.
    order : int
        Symbols per n-gram, from 1.

    Returns
    -------
    TextScore
        Its cost of all symbols but the first.
    """
    model = KneserNey(corpus.train.tokens, len(corpus.vocabulary), order)
    characters = passage.predicted_characters(corpus.vocabulary)
    return TextScore(model.nats(passage.tokens), len(passage.tokens) - 1, characters)
