"""Forecasting networks that remember: the state of a series is a value that each observation advances.

>>> import statecast
>>> artifact = statecast.load("artifacts/default")                # doctest: +SKIP
>>> artifact.forecast(history, 24, freq="1h").quantiles[0.9]      # doctest: +SKIP
>>> client = statecast.Client("http://127.0.0.1:8000")            # doctest: +SKIP
>>> client.forecast(history, 24, freq="1h").quantiles[0.9]        # doctest: +SKIP

Names are imported when they are asked for (PEP 562): who talks to a server needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statecast.api.classify import Classification
    from statecast.api.series_forecast import SeriesForecast
    from statecast.artifacts.artifact import Artifact
    from statecast.artifacts.loading import load
    from statecast.artifacts.saving import save
    from statecast.client import AsyncClient, Client
    from statecast.config import ForecasterConfig
    from statecast.frames.plotting import plot
    from statecast.layers.acoustic.config import TranscriberConfig
    from statecast.layers.sequences.config import ClassifierConfig
    from statecast.models.classifier import Classifier
    from statecast.models.ensemble import Ensemble
    from statecast.models.family import Family, FamilyConfig
    from statecast.models.forecaster import Forecaster
    from statecast.models.generator import Generator, GeneratorConfig
    from statecast.models.interface import SeriesNetwork
    from statecast.models.sequence_network import SequenceNetwork
    from statecast.models.transcriber import Transcriber
    from statecast.state.lookback import Observations
    from statecast.state.state import State, StateSpec
    from statecast.uncertainty.prediction import Prediction

__all__ = [
    "Artifact",
    "AsyncClient",
    "Classification",
    "Classifier",
    "ClassifierConfig",
    "Client",
    "Ensemble",
    "Family",
    "FamilyConfig",
    "Forecaster",
    "ForecasterConfig",
    "Generator",
    "GeneratorConfig",
    "Observations",
    "Prediction",
    "SequenceNetwork",
    "SeriesForecast",
    "SeriesNetwork",
    "State",
    "StateSpec",
    "Transcriber",
    "TranscriberConfig",
    "load",
    "plot",
    "save",
]
_MODULES = {
    "Artifact": "artifacts.artifact",
    "AsyncClient": "client",
    "Classification": "api.classify",
    "Classifier": "models.classifier",
    "ClassifierConfig": "layers.sequences.config",
    "Client": "client",
    "Ensemble": "models.ensemble",
    "Family": "models.family",
    "FamilyConfig": "models.family",
    "Forecaster": "models.forecaster",
    "ForecasterConfig": "config",
    "Generator": "models.generator",
    "GeneratorConfig": "models.generator",
    "Observations": "state.lookback",
    "Prediction": "uncertainty.prediction",
    "SequenceNetwork": "models.sequence_network",
    "SeriesForecast": "api.series_forecast",
    "SeriesNetwork": "models.interface",
    "State": "state.state",
    "StateSpec": "state.state",
    "Transcriber": "models.transcriber",
    "TranscriberConfig": "layers.acoustic.config",
    "load": "artifacts.loading",
    "plot": "frames.plotting",
    "save": "artifacts.saving",
}
_EXTRAS = {"torch": "library", "safetensors": "library", "httpx": "client"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        message = f"statecast.{name}: needs the package {error.name}; pip install 'statecast[{_EXTRAS[error.name]}]'"
        raise ModuleNotFoundError(message, name=error.name) from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
