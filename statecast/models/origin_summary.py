"""What a forecast depends on, whatever it is made from: a chunk of history, a state, or a hindcast."""

from typing import NamedTuple

from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.layers.coarse_encoders import CoarseEncoders
from statecast.naive_forecasts import fill_missing
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import History
from statecast.state.state import State
from statecast.uncertainty.hindcasts import MaturedHindcasts


class OriginSummary(NamedTuple):
    """All that forecasts from M origins depend on.

    Parameters
    ----------
    states : list of Tensor
        Hidden vectors ``[M, D]`` per resolution.
    ages : list of Tensor
        Per coarse resolution the share ``[M]`` of the open bucket that has passed.
    window : Tensor
        Scaled look-back ``[M, R]``, without gaps.
    now : Scaling
        ``[M]``.
    static : Tensor
        Encoded static covariates, ``[M, Cs]``.
    """

    states: list[Tensor]
    ages: list[Tensor]
    window: Tensor
    now: Scaling
    static: Tensor


def scale_lookback(config: ForecasterConfig, raw: Tensor, now: Scaling) -> Tensor:
    """Scale raw look-backs and fill their gaps.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    raw : Tensor
        ``[M, R]`` in the target's unit, NaN where missing.
    now : Scaling
        ``[M]`` at the origins.

    Returns
    -------
    Tensor
        ``[M, R]`` in units of scale, without gaps.
    """
    scaled = Scaling(now.loc[:, None], now.scale[:, None]).apply(raw)
    return fill_missing(scaled, config.season)


def look_back(config: ForecasterConfig, state: State) -> tuple[Tensor, Scaling]:
    """Return what a state keeps of the last steps.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    state : State
        B rows.

    Returns
    -------
    tuple of Tensor and Scaling
        The scaled look-back ``[B, R]``, without gaps, and the scaling ``[B]`` now.
    """
    now = Scaling(state["locs"][:, -1], state["scales"][:, -1])
    return scale_lookback(config, state["lookback"][:, -config.lookback_length :], now), now


def summarise_now(config: ForecasterConfig, finest: Tensor, state: State, coarse: CoarseEncoders) -> OriginSummary:
    """Summarise what states know.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    finest : Tensor
        Hidden vectors ``[B, D]`` of the finest resolution.
    state : State
        B rows.
    coarse : CoarseEncoders
        The network's.

    Returns
    -------
    OriginSummary
        M = B origins.
    """
    window, now = look_back(config, state)
    states = [finest, *(state[f"hidden_{length}"][:, -1, 0] for length in config.resolutions[1:])]
    return OriginSummary(states, coarse.ages(state["time_index"]), window, now, state["static"])


def summarise(
    history: History, states: list[Tensor], positions: Tensor, state: State, coarse: CoarseEncoders
) -> OriginSummary:
    """Summarise a chunk at some of its steps.

    Parameters
    ----------
    history : History
        The chunk, B rows.
    states : list of Tensor
        Hidden vectors ``[B, N, D]`` per resolution, at these steps.
    positions : Tensor
        ``[N]`` int64, the steps.
    state : State
        State before the chunk.
    coarse : CoarseEncoders
        The network's.

    Returns
    -------
    OriginSummary
        M = B N origins, row by row.
    """
    config, (rows, origins) = history.config, states[0].shape[:2]
    loc, scale = history.scaling_at(positions)
    now = Scaling(loc.flatten(), scale.flatten())
    raw = history.windows(config.lookback_length, positions).flatten(0, 1)
    time_indices = (state["time_index"][:, None] + 1 + positions).flatten()
    static = state["static"][:, None].expand(rows, origins, -1).flatten(0, 1)
    flat = [one.flatten(0, 1) for one in states]
    return OriginSummary(flat, coarse.ages(time_indices), scale_lookback(config, raw, now), now, static)


def summarise_hindcasts(
    history: History, matured: MaturedHindcasts, state: State, coarse: CoarseEncoders
) -> OriginSummary:
    """Summarise the origins of hindcasts.

    Parameters
    ----------
    history : History
        The chunk in which they matured, B rows.
    matured : MaturedHindcasts
        M of them.
    state : State
        State before the chunk.
    coarse : CoarseEncoders
        The network's.

    Returns
    -------
    OriginSummary
        M origins.
    """
    config, length = history.config, history.config.lookback_length
    raw = history.ahead(matured.row, matured.begin + 1 - length, length)
    window, ages = scale_lookback(config, raw, matured.now), coarse.ages(matured.origin)
    return OriginSummary(matured.hidden, ages, window, matured.now, state["static"][matured.row])
