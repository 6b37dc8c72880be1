"""Embeddings that start from a next-word model, symbol by symbol."""

from pathlib import Path

import torch

import statecast
from statecast.inputs.vocabulary import Vocabulary
from statecast.models.classifier import Classifier
from training.errors import TrainingError


@torch.no_grad()
def start_embeddings(network: Classifier, folder: Path) -> float:
    """Copy the embeddings of the symbols that a next-word model has too, in place.

    Parameters
    ----------
    network : Classifier
        Of texts.
    folder : Path
        Artifact of a generator.

    Returns
    -------
    float
        Share of the symbols that were found.

    Raises
    ------
    TrainingError
        If the artifact is no generator of the same width, or they have no symbol in common.
    """
    if network.tokenizer is None:
        raise TrainingError("[training] embeddings: expected texts, got inputs = values; leave it out")
    generator = statecast.load(folder).generator
    if generator.config.embedding != network.config.embedding:
        raise TrainingError(
            f"[training] embeddings: {folder} has a width of {generator.config.embedding}, [network] embedding is "
            f"{network.config.embedding}; set the same"
        )
    pairs = _shared(network, generator.vocabulary)
    if not pairs:
        raise TrainingError(f"[training] embeddings: {folder} has none of the symbols; train it on the same text")
    ours, theirs = (torch.tensor(side) for side in zip(*pairs, strict=True))
    known = generator.embed.weight.index_select(0, theirs)
    # As wide spread as what it replaces: the rest starts from there.
    network.embed.weight[ours] = known * (network.embed.weight[ours].std() / known.std())
    return len(pairs) / (len(network.tokenizer) - 2)


def _shared(network: Classifier, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """Pairs of ids of the same symbol."""
    tokenizer = network.tokenizer
    if tokenizer is None or (tokenizer.kind == "byte") != (vocabulary.kind == "byte"):
        return []
    if tokenizer.kind == "byte":
        return [(byte + 2, byte) for byte in range(256)]
    theirs = {symbol: place for place, symbol in enumerate(vocabulary.symbols, start=1)}
    return [(place, theirs[one]) for place, one in enumerate(tokenizer.symbols, start=2) if one in theirs]
