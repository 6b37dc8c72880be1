"""Which networks can be exported, and by name what another one has that a device has not."""

import statecast
from statecast.artifacts.registry import Network
from statecast.config import ForecasterConfig
from statecast.models.ensemble import Ensemble
from statecast.models.family import Family
from statecast.models.forecaster import Forecaster
from training.errors import TrainingError

WIDEST = 512
"""Inputs of a product at most: of so many 8-bit and 16-bit numbers the sum is an int32."""


def choose_network(artifact: statecast.Artifact, season: int | None = None) -> Forecaster:
    """Take the network of an artifact that is exported: of a family its member for a season.

    Parameters
    ----------
    artifact : Artifact
        Of any kind.
    season : int, optional
        Steps per season, for a family.

    Returns
    -------
    Forecaster
        One of which ``uncovered`` says nothing.

    Raises
    ------
    TrainingError
        If it cannot be exported; the message names what is in the way.
    """
    network: Network = artifact.network
    if isinstance(network, Family):
        if season is None:
            raise TrainingError(f"--season: {artifact.name} is a family, which forecasts any season; say which")
        network = network.of(season)
    elif season is not None:
        raise TrainingError(f"--season: {artifact.name} is no family; leave it out")
    reasons = uncovered(network)
    if reasons:
        raise TrainingError(
            f"{artifact.name}: cannot be exported, because it has {', '.join(reasons)}; "
            "`python -m training distill` makes a small model without"
        )
    assert isinstance(network, Forecaster)
    return network


def uncovered(network: Network) -> list[str]:
    """Say what of a network an export does not cover.

    Parameters
    ----------
    network : Network
        Any; its configuration is read.

    Returns
    -------
    list of str
        Parts by name; empty if it can be exported.

    Examples
    --------
    >>> uncovered(Forecaster(ForecasterConfig(freq=None, resolutions=(1,), cell="gru", bidirectional=True)))
    ['a bidirectional encoder', 'intervals that follow its own misses (adaptation)']
    """
    if isinstance(network, Ensemble):
        return [f"{len(network.members)} members (an ensemble)"]
    if not isinstance(network, Forecaster):
        return [f"another kind than forecaster ({type(network).__name__.lower()})"]
    config = network.config
    found = {
        f"cell {config.cell!r} (gru is covered)": config.cell != "gru",
        "a bidirectional encoder": config.bidirectional,
        "a spatial grid": bool(config.spatial_grid),
        "attention over features": config.feature_attention,
        "attention over time (memory)": config.memory > 0,
        f"resolutions {', '.join(config.resolution_names[1:])}": len(config.resolutions) > 1,
        f"decoder {config.decoder!r} (mlp is covered)": config.decoder != "mlp",
        "a shared linear look-back": config.shared_lookback,
        "a transformed target (asinh_unit)": config.asinh_unit > 0,
        "intervals that follow its own misses (adaptation)": config.adaptation > 0,
        f"calendar features {', '.join(config.calendar)}": bool(config.calendar),
        f"covariates {', '.join(_covariates(config))}": bool(_covariates(config)),
        f"products of over {WIDEST} inputs": _widest(config) > WIDEST,
    }
    return [part for part, there in found.items() if there]


def _covariates(config: ForecasterConfig) -> list[str]:
    return [one.name for one in (*config.past_covariates, *config.future_covariates, *config.static_covariates)]


def _widest(config: ForecasterConfig) -> int:
    lookback = config.lookback_length if config.linear_lookback else 0
    naive = len(config.naive_forecasts) * config.segment_length
    return max(config.width, 4 * config.patch_length + 2, naive, lookback)
