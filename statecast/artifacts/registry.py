"""The kinds of network that an artifact may hold: distinguished, described, built again."""

from typing import Any

from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.layers.acoustic.config import TranscriberConfig
from statecast.layers.sequences.config import ClassifierConfig
from statecast.models.classifier import Classifier
from statecast.models.ensemble import Ensemble
from statecast.models.family import Family, FamilyConfig
from statecast.models.forecaster import Forecaster
from statecast.models.generator import Generator, GeneratorConfig
from statecast.models.interface import SeriesNetwork
from statecast.models.transcriber import Transcriber
from statecast.time.seasonality import SEASONS

Network = SeriesNetwork | Family | Generator | Classifier | Transcriber
_BUILT_OF_CONFIG: dict[str, tuple[Any, Any]] = {
    "family": (Family, FamilyConfig),
    "generator": (Generator, GeneratorConfig),
    "classifier": (Classifier, ClassifierConfig),
    "transcriber": (Transcriber, TranscriberConfig),
}


def kind_of(network: Network) -> str:
    """Name the kind of a network.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    str
        ``forecaster``, ``family``, ``generator``, ``classifier`` or ``transcriber``.
    """
    return next((kind for kind, (own, _) in _BUILT_OF_CONFIG.items() if isinstance(network, own)), "forecaster")


def describe(network: Network) -> dict[str, Any]:
    """Return what a manifest says that follows from the network itself.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    dict of str to Any
        JSON values: its kind, what it streams, the bytes of a state, and what it can forecast or write.
    """
    if isinstance(network, Generator):
        config = network.config
        return {
            "kind": "generator",
            "streaming": "exact",
            "vocabulary": config.vocabulary,
            "vocabulary_size": len(network.vocabulary),
            "state_bytes": network.spec.row_bytes,
        }
    if isinstance(network, Classifier):
        return _describe_classifier(network)
    if isinstance(network, Transcriber):
        return {
            "kind": "transcriber",
            "streaming": network.streaming,
            "symbols": list(network.config.symbols),
            "separator": network.config.separator,
            "sample_rate": network.config.sample_rate,
            "state_bytes": network.spec.row_bytes,
        }
    if isinstance(network, Family):
        largest = network.config.longest_season
        return {
            "kind": "family",
            "streaming": "exact",
            "freq": None,
            "resolutions": [1],
            "horizon": network.config.horizon,
            "longest_season": largest,
            "quantile_levels": list(network.config.quantile_levels),
            # Of the member with most; a season's own is in ``state_bytes_by_season``.
            "state_bytes": network.of(largest).spec.row_bytes,
            "state_bytes_by_season": {
                str(season): network.of(season).spec.row_bytes for season in (1, *SEASONS) if season <= largest
            },
        }
    return {
        "kind": "forecaster",
        "streaming": network.streaming,
        "state_bytes": network.spec.row_bytes,
        "freq": network.config.freq,
        "resolutions": list(network.config.resolutions),
        "mixed_frequency": list(network.config.mixed_frequency),
        "horizon": network.config.horizon,
        "quantile_levels": list(network.config.quantile_levels),
        **({"members": len(network.members)} if isinstance(network, Ensemble) else {}),
    }


def build(kind: object, config: Any) -> Network:
    """Build an untrained network.

    Parameters
    ----------
    kind : object
        What the manifest says, such as ``forecaster``.
    config : Any
        JSON values of ``config.json``.

    Returns
    -------
    Network
        With its first weights.

    Raises
    ------
    ConfigError
        If the kind is unknown or the config is not one of that kind.
    """
    if not isinstance(config, dict):
        raise ConfigError(f"config: expected an object, got {type(config).__name__}")
    if isinstance(kind, str) and kind in _BUILT_OF_CONFIG:
        own, shape = _BUILT_OF_CONFIG[kind]
        network: Network = own(shape.from_dict(config))
        return network
    if kind == "forecaster" and isinstance(config.get("members"), list):
        return Ensemble([Forecaster(ForecasterConfig.from_dict(member)) for member in config["members"]])
    if kind == "forecaster":
        return Forecaster(ForecasterConfig.from_dict(config))
    raise ConfigError(f"kind: expected forecaster, family, generator, classifier or transcriber, got {kind!r}")


def _describe_classifier(network: Classifier) -> dict[str, Any]:
    config = network.config
    return {
        "kind": "classifier",
        "streaming": network.streaming,
        "inputs": config.inputs,
        "labels": list(config.labels),
        "longest": config.longest,
        "state_bytes": network.spec.row_bytes if network.streaming == "exact" else 0,
        **({"channels": list(config.channels)} if network.tokenizer is None else {}),
        **({"vocabulary_size": len(network.tokenizer)} if network.tokenizer is not None else {}),
    }
