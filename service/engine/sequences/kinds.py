"""Which runners read inputs with which kind of network."""

from service.engine.sequences.classifier_runner import ClassifierRunner
from service.engine.sequences.transcriber_runner import TranscriberRunner
from service.sequences.input import backend_key
from service.stores.interface import Store
from statecast.artifacts.artifact import Artifact
from statecast.inputs.recording import RATES
from statecast.models.classifier import Classifier
from statecast.models.transcriber import Transcriber

AnyRunner = ClassifierRunner | TranscriberRunner


def sequence_runners(artifact: Artifact, store: Store) -> dict[str, AnyRunner]:
    """Make what reads inputs with an artifact.

    Parameters
    ----------
    artifact : Artifact
        Any one.
    store : Store
        Where sessions are read from.

    Returns
    -------
    dict of str to AnyRunner
        Not warm yet, by the name of ``backend_key``; of a transcriber one for each rate that it hears. None for an
        artifact that does not read whole inputs.
    """
    network = artifact.network
    if isinstance(network, Classifier):
        return {backend_key(artifact.digest, None): ClassifierRunner(network, store)}
    if isinstance(network, Transcriber):
        rates = [rate for rate in RATES if rate >= network.config.sample_rate]
        return {backend_key(artifact.digest, rate): TranscriberRunner(network, rate, store) for rate in rates}
    return {}
