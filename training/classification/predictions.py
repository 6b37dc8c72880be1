"""What a network says of many examples, in batches by length and back in their order."""

import numpy as np
import torch

from statecast.models.classifier import Classifier
from training.classification.batches import Batches
from training.classification.examples import Encoded
from training.classification.scores import Array

_BATCH = 64


@torch.inference_mode()
def predict_parts(network: Classifier, examples: Encoded) -> tuple[Array, Array | None]:
    """Run a network over examples; it is left in the mode, training or not, that it was in.

    Parameters
    ----------
    network : Classifier
        The network.
    examples : Encoded
        N of them.

    Returns
    -------
    tuple of ndarray
        What the recurrent layers and what the linear model says, ``[N, K]`` each, None without one: logits, or numbers
        in units of their deviation.
    """
    training = network.training
    network.eval()
    shape = (len(examples), network.config.outputs)
    recurrent, linear = np.zeros(shape), None if network.linear is None else np.zeros(shape)
    for places, batch in Batches(examples, _BATCH, 0).in_order():
        moved = batch.to(network.head.weight.device)
        ours, theirs = network.parts(moved.inputs, moved.lengths)
        recurrent[places] = ours.double().cpu().numpy()
        if linear is not None and theirs is not None:
            linear[places] = theirs.double().cpu().numpy()
    network.train(training)
    return recurrent, linear


def mix(network: Classifier, recurrent: Array, linear: Array | None) -> Array:
    """Weigh both parts as the network does.

    Parameters
    ----------
    network : Classifier
        With its share.
    recurrent, linear : ndarray, shape [N, K]
        What ``predict_parts`` gave.

    Returns
    -------
    ndarray, shape [N, K]
        Logits, or numbers in units of their deviation.
    """
    share = float(network.ngram_share)
    return recurrent if linear is None else (1.0 - share) * recurrent + share * linear
