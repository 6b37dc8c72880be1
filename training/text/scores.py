"""How well a text is predicted: nats, bits and perplexity, of every symbol but its first, with state carried."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from statecast.models.generator import Generator
from training.text.corpus import Passage

_READ = 2048  # symbols at once; more only takes memory


@dataclass(frozen=True)
class TextScore:
    """How well a text was predicted.

    Examples
    --------
    >>> round(TextScore(nats=100.0, tokens=100, characters=100).perplexity, 3)
    2.718
    """

    nats: float
    """Total cost in nats."""
    tokens: int
    """Number of predicted symbols."""
    characters: int
    """Characters that these stand for."""

    @property
    def loss(self) -> float:
        """Nats per symbol."""
        return self.nats / max(self.tokens, 1)

    @property
    def bits(self) -> float:
        """Bits per character, comparable between vocabularies; a symbol that is unknown costs as one."""
        return self.nats / math.log(2) / max(self.characters, 1)

    @property
    def perplexity(self) -> float:
        """Perplexity per symbol, ``exp(loss)``."""
        return math.exp(min(self.loss, 700.0))

    def table(self) -> dict[str, float]:
        """Give nats, bits per character and perplexity by name, rounded to six decimals."""
        figures = {"nats": self.loss, "bits_per_character": self.bits, "perplexity": self.perplexity}
        return {name: round(value, 6) for name, value in figures.items()}


@torch.inference_mode()
def score_passage(network: Generator, passage: Passage) -> TextScore:
    """Predict a passage from its first symbol to its last, with state carried throughout.

    Parameters
    ----------
    network : Generator
        The network; it is left in the mode, training or not, that it was in.
    passage : Passage
        At least two symbols.

    Returns
    -------
    TextScore
        Its cost of all symbols but the first.
    """
    training = network.training
    network.eval()
    tokens = torch.from_numpy(passage.tokens).to(network.head.weight.device)
    state, nats = network.fresh(1), 0.0
    for start in range(0, len(tokens) - 1, _READ):
        read = tokens[start : min(start + _READ, len(tokens) - 1)]
        logits, state = network(read[None], state)
        nats += _nats(logits[0], tokens[start + 1 : start + 1 + len(read)])
    network.train(training)
    return TextScore(nats, len(tokens) - 1, passage.predicted_characters(network.vocabulary))


def _nats(logits: Tensor, truth: Tensor) -> float:
    return float(functional.cross_entropy(logits.float(), truth, reduction="none").double().sum())
