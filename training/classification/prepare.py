"""Before training: examples cut and encoded, and an untrained network that knows their labels, symbols and units."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from statecast.inputs.tokenizer import Tokenizer
from statecast.layers.sequences.config import ClassifierConfig
from statecast.models.classifier import Classifier
from training.classification.config import ClassificationFitConfig
from training.classification.examples import Encoded, LabelledExamples, cut_examples, encode_examples, find_labels
from training.classification.warm_start import start_embeddings


@dataclass(frozen=True)
class Prepared:
    """Examples and an untrained network that reads them."""

    network: Classifier
    """With units of values and numbers."""
    raw: dict[str, LabelledExamples]
    """By part, as they were read."""
    encoded: dict[str, Encoded]
    """By part, as the network reads them."""


def prepare(examples: LabelledExamples, config: ClassificationFitConfig) -> Prepared:
    """Cut examples, find labels, symbols and units on the training part, and build the network.

    Parameters
    ----------
    examples : LabelledExamples
        All of them.
    config : ClassificationFitConfig
        How they are cut and what reads them.

    Returns
    -------
    Prepared
        What training starts from.

    Raises
    ------
    TrainingError
        If there is but one class, a label is unknown, or an input is empty or too long.
    """
    table, training = config.classification, config.training
    torch.manual_seed(training.seed)
    raw = cut_examples(examples, table.fractions, training.seed)
    labels = () if table.numbers else find_labels(raw["train"])
    open_shape = ClassifierConfig.from_dict(
        {**config.network, "labels": labels, "channels": examples.channels or ("target",)}
    )
    symbols: tuple[str, ...] = ()
    if open_shape.inputs != "values":
        lower, tags = open_shape.lower, open_shape.tags
        symbols = Tokenizer.of(open_shape.inputs, raw["train"].inputs, table.vocabulary, lower=lower, tags=tags).symbols
    network = Classifier(ClassifierConfig.from_dict({**open_shape.to_dict(), "symbols": symbols}))
    encoded = {
        part: encode_examples(some, labels, network.tokenizer, part, open_shape.longest) for part, some in raw.items()
    }
    _find_units(network, encoded["train"])
    if training.embeddings:
        start_embeddings(network, Path(training.embeddings))
    return Prepared(network, raw, encoded)


def describe(prepared: Prepared) -> str:
    """Say in a line what is trained on what.

    Parameters
    ----------
    prepared : Prepared
        Before training.

    Returns
    -------
    str
        Numbers of examples, classes, steps and parameters.
    """
    config, parts = prepared.network.config, prepared.encoded
    lengths = [len(one) for one in parts["train"].steps]
    what = f"{len(config.labels)} classes" if config.labels else "a number"
    return (
        f"{len(parts['train']):,} examples to learn from, {len(parts['validation']):,} to choose by, "
        f"{len(parts['test']):,} to test; {what}; "
        f"{np.mean(lengths):,.0f} steps on average, {max(lengths):,} at most; "
        f"{sum(weight.numel() for weight in prepared.network.parameters()):,} parameters"
    )


def _find_units(network: Classifier, train: Encoded) -> None:
    """Mean and deviation of each channel, and of the number, on the training part."""
    if network.tokenizer is None:
        values = np.concatenate(train.steps)
        seen = ~np.isnan(values).all(axis=0)
        mean, spread = np.zeros(values.shape[1]), np.ones(values.shape[1])
        mean[seen] = np.nanmean(values[:, seen], axis=0)
        spread[seen] = np.nanstd(values[:, seen], axis=0)
        network.channel_mean.copy_(torch.from_numpy(mean))
        network.channel_scale.copy_(torch.from_numpy(np.where(spread > 0, spread, 1.0)))
    if not network.config.labels:
        network.location.fill_(float(train.targets.mean()))
        network.scale.fill_(float(train.targets.std()) or 1.0)
