"""Forecasting networks that remember: the state of a series is a value that each observation advances.

>>> import statecast
>>> artifact = statecast.load("artifacts/default")                # doctest: +SKIP
>>> artifact.forecast(history, 24, freq="1h").quantiles[0.9]     # doctest: +SKIP
"""

from statecast.api.classify import Classification
from statecast.api.series_forecast import SeriesForecast
from statecast.artifacts.artifact import Artifact
from statecast.artifacts.loading import load
from statecast.artifacts.saving import save
from statecast.config import ForecasterConfig
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
    "Classification",
    "Classifier",
    "ClassifierConfig",
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
    "save",
]
