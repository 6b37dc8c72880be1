"""Which runners read inputs with which kind of network."""

from service.engine.sequences.classifier_runner import ClassifierRunner
from service.sequences.input import backend_key
from service.stores.interface import Store
from statecast.artifacts.artifact import Artifact
from statecast.models.classifier import Classifier


def sequence_runners(artifact: Artifact, store: Store) -> dict[str, ClassifierRunner]:
    """Make what reads inputs with an artifact.

    Parameters
    ----------
    artifact : Artifact
        Any one.
    store : Store
        Where sessions are read from.

    Returns
    -------
    dict of str to ClassifierRunner
        Not warm yet, by the name of ``backend_key``; none for an artifact that does not read whole inputs.
    """
    network = artifact.network
    if isinstance(network, Classifier):
        return {backend_key(artifact.digest, None): ClassifierRunner(network, store)}
    return {}
