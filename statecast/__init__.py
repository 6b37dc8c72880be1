"""Forecasting networks that remember: the state of a series is a value that each observation advances.

>>> import statecast
>>> artifact = statecast.load("artifacts/default")                # doctest: +SKIP
>>> artifact.forecast(history, 24, freq="1h").quantiles[0.9]     # doctest: +SKIP
"""

from statecast.artifact import Artifact, load, save
from statecast.config import ForecasterConfig, GeneratorConfig
from statecast.ensemble import Ensemble
from statecast.family import Family, FamilyConfig
from statecast.forecaster import Forecaster
from statecast.generator import Generator
from statecast.history import Observations
from statecast.notebook import SeriesForecast
from statecast.prediction import Prediction
from statecast.series import SeriesNetwork
from statecast.state import State, StateSpec

__all__ = [
    "Artifact",
    "Ensemble",
    "Family",
    "FamilyConfig",
    "Forecaster",
    "ForecasterConfig",
    "Generator",
    "GeneratorConfig",
    "Observations",
    "Prediction",
    "SeriesForecast",
    "SeriesNetwork",
    "State",
    "StateSpec",
    "load",
    "save",
]
