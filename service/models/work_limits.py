"""How much a request wants: steps, levels, time; refused where that is more than the model or the server gives."""

from collections.abc import Sequence

from service.codecs.faults import raise_faults
from service.errors import Fault, TooLarge, Unprocessable
from service.models.model import Model
from service.settings import Settings
from statecast.config import ForecasterConfig
from statecast.uncertainty.quantile_levels import expected_levels, reach_of


def horizon_of(horizon: int | None, model: Model, field: str = "horizon") -> int:
    """Give the steps ahead that a request gets.

    Parameters
    ----------
    horizon : int or None
        What the request names; None to leave it to the model.
    model : Model
        What will forecast it.
    field : str
        What the request calls them.

    Returns
    -------
    int
        Steps.

    Raises
    ------
    Unprocessable
        If it requests more than the model can give.
    """
    horizon = model.horizon if horizon is None else horizon
    if horizon > model.reach:
        msg = f"expected at most {model.reach}, the model's horizon, got {horizon}; request fewer steps"
        raise Unprocessable(f"{field}: {msg}", code="horizon_too_long", faults=[Fault((field,), msg)])
    return horizon


def timeout_of(timeout_ms: int | None, settings: Settings) -> int:
    """Give the milliseconds that a request may take.

    Parameters
    ----------
    timeout_ms : int or None
        What the request names; None to leave it to the settings.
    settings : Settings
        The usual and the longest ones.

    Returns
    -------
    int
        Counted from when it came.

    Raises
    ------
    Unprocessable
        If it is too long.
    """
    if timeout_ms is None:
        return settings.default_timeout_ms
    if timeout_ms > settings.max_timeout_ms:
        msg = f"expected at most {settings.max_timeout_ms} (STATECAST_MAX_TIMEOUT_MS), got {timeout_ms}"
        raise_faults([Fault(("timeout_ms",), f"{msg}; lower it")])
    return timeout_ms


def check_reply(rows: int, horizon: int, levels: Sequence[float], settings: Settings) -> None:
    """Refuse a request whose reply would be too large, before anything is computed.

    Parameters
    ----------
    rows : int
        Variables of all series.
    horizon : int
        Steps ahead.
    levels : sequence of float
        Quantile levels.
    settings : Settings
        Limits.

    Raises
    ------
    TooLarge
        It names the limit.
    """
    values = rows * horizon * (len(levels) + 1)
    if values > settings.max_reply_values:
        raise TooLarge(
            f"horizon: expected series times horizon times quantile levels of at most {settings.max_reply_values} "
            f"(STATECAST_MAX_REPLY_VALUES), got {rows} times {horizon} times {len(levels) + 1}; request fewer"
        )


def levels_of(levels: Sequence[float] | None, config: ForecasterConfig, settings: Settings) -> Sequence[float]:
    """Give the quantile levels that a request gets.

    Parameters
    ----------
    levels : sequence of float or None
        What the request names; None to leave them to the model.
    config : ForecasterConfig
        Of the model.
    settings : Settings
        Limits.

    Returns
    -------
    sequence of float
        Levels Q, in the request's order.

    Raises
    ------
    Unprocessable
        If one lies beyond ``reach_of`` the trained ones.
    TooLarge
        If there are too many.
    """
    trained = config.quantile_levels
    if levels is None:
        return trained
    if len(levels) > settings.max_quantile_levels:
        raise TooLarge(
            f"quantile_levels: expected at most {settings.max_quantile_levels} (STATECAST_MAX_QUANTILE_LEVELS), got "
            f"{len(levels)}; request fewer"
        )
    lowest, highest = reach_of(trained)
    faults = [
        Fault(("quantile_levels", index), f"{expected_levels(trained)}, got {level:g}; leave it out")
        for index, level in enumerate(levels)
        if not lowest <= level <= highest
    ]
    raise_faults(faults, "level_out_of_range")
    return levels
