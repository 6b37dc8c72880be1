"""Who teaches: the forecaster that a small one learns from, and the shape that the small one gets."""

from collections.abc import Sequence

import torch
from torch import Tensor

import statecast
from statecast.config import ForecasterConfig
from statecast.models.ensemble import Ensemble
from statecast.models.family import Family
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.state.lookback import Observations
from statecast.state.state import State
from training.errors import TrainingError


def choose_teacher(
    artifact: statecast.Artifact, season: int | None, freq: str | None, horizon: int | None
) -> SeriesNetwork:
    """Take the network of an artifact that teaches: of a family its member for a season.

    Parameters
    ----------
    artifact : Artifact
        A forecaster, an ensemble or a family.
    season : int or None
        Steps per season; needed for a family, which has none of its own.
    freq : str or None
        Distance of two observations; None for the artifact's own.
    horizon : int or None
        Steps ahead; None for the artifact's own.

    Returns
    -------
    SeriesNetwork
        In evaluation mode, reading the target alone.

    Raises
    ------
    StatecastError
        If the artifact forecasts no series, reads more than the target, or has another season, freq or horizon.
    """
    if isinstance(artifact.network, Family):
        if season is None:
            raise TrainingError(
                f"--season: {artifact.name} is a family, which forecasts any season; say the steps per season, or pass "
                "--freq or --data, from which it follows"
            )
        return artifact.member(season, freq, horizon).forecaster
    network = artifact.forecaster
    config = network.config
    for name, wanted in (("season", season), ("freq", freq), ("horizon", horizon)):
        own = getattr(config, name)
        if wanted is not None and wanted != own:
            raise TrainingError(f"--{name}: expected {own}, {artifact.name}'s own, got {wanted}; leave it out")
    check_target_alone(artifact.name, config)
    return network


def check_target_alone(name: str, config: ForecasterConfig) -> None:
    """Refuse a teacher that reads more than the target.

    Parameters
    ----------
    name : str
        Of the teacher, for the message.
    config : ForecasterConfig
        Its shape.

    Raises
    ------
    TrainingError
        With the names of what it reads.
    """
    covariates = (*config.past_covariates, *config.future_covariates, *config.static_covariates)
    read = [*(one.name for one in covariates), *config.calendar, *config.mixed_frequency_names]
    if read:
        raise TrainingError(
            f"{name}: reads {', '.join(read)} beside the target, which a distilled model cannot; distill a model that "
            "was fitted without covariates and with calendar = []"
        )


def student_config(teacher: ForecasterConfig, width: int) -> ForecasterConfig:
    """Return the shape of a small forecaster: one layer of GRU cells over patches, and nothing that a device lacks.

    Parameters
    ----------
    teacher : ForecasterConfig
        Whose lengths, levels and naive forecasts are kept.
    width : int
        Width of hidden vectors, D.

    Returns
    -------
    ForecasterConfig
        What ``python -m training export`` covers.

    Examples
    --------
    >>> student_config(ForecasterConfig(), 32).adaptation
    0.0
    """
    return ForecasterConfig(
        freq=teacher.freq,
        horizon=teacher.horizon,
        season=teacher.season,
        patch_length=teacher.patch_length,
        lookback_length=teacher.lookback_length,
        half_life=teacher.half_life,
        resolutions=(1,),
        cell="gru",
        width=width,
        layers=1,
        dropout=0.0,
        segment_length=teacher.segment_length,
        naive_forecasts=teacher.naive_forecasts,
        linear_lookback=False,
        adaptation=0.0,
        quantile_levels=teacher.quantile_levels,
    )


@torch.no_grad()
def teach(teacher: SeriesNetwork, target: Tensor, forks: Tensor, patch_length: int) -> Tensor:
    """Forecast as the teacher does after some of the patches of series.

    Parameters
    ----------
    teacher : SeriesNetwork
        In evaluation mode.
    target : Tensor
        ``[B, T]``, NaN where missing.
    forks : Tensor
        ``[N]`` int64, after which patches.
    patch_length : int
        Steps per patch, the student's.

    Returns
    -------
    Tensor
        Quantiles before calibration in the target's unit, ``[B N, F, Q]`` float64.
    """
    members = [one for one in teacher.members if isinstance(one, Forecaster)] if isinstance(teacher, Ensemble) else []
    networks: Sequence[SeriesNetwork] = members or [teacher]
    return torch.stack([_forecast(one, target, forks, patch_length) for one in networks]).mean(0)


def _forecast(network: SeriesNetwork, target: Tensor, forks: Tensor, patch_length: int) -> Tensor:
    observations, state = observe(network, target)
    shape = (len(target), len(forks), network.config.horizon, 0)
    if isinstance(network, Forecaster) and network.config.patch_length == patch_length:
        return network.fork(observations, state, target.new_zeros(shape), forks).raw_quantiles()
    every = target.new_zeros((shape[0], target.shape[1] // patch_length, *shape[2:]))
    prediction, _ = network(observations, state, every, patch_length)
    found = prediction.raw_quantiles().unflatten(0, (shape[0], -1))
    return torch.as_tensor(found.index_select(1, forks).flatten(0, 1))


def observe(network: SeriesNetwork, target: Tensor) -> tuple[Observations, State]:
    """Return series as a network that reads the target alone observes them, and fresh states.

    Parameters
    ----------
    network : SeriesNetwork
        The network.
    target : Tensor
        ``[B, T]``, NaN where missing.

    Returns
    -------
    tuple of Observations and State
        T steps of B series.
    """
    nothing = target.new_zeros((*target.shape, 0))
    clock = torch.full(target.shape[:1], -1, dtype=torch.int64, device=target.device)
    return Observations(target, nothing, nothing), network.fresh(clock, nothing[:, 0])


def take_calibration(student: Forecaster, teacher: SeriesNetwork) -> Forecaster:
    """Give a student the calibration of its teacher, whose errors it makes.

    Parameters
    ----------
    student : Forecaster
        Changed in place.
    teacher : SeriesNetwork
        Of the same horizon.

    Returns
    -------
    Forecaster
        The student.
    """
    student.calibration.load_state_dict(teacher.calibration.state_dict())
    return student
