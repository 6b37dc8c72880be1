"""What a plain JSON body says beside its series."""

from typing import Any

from service.models.terms import Options

FIELDS = frozenset({"series", "model", "horizon", "quantile_levels", "timeout_ms"})
LARGEST = 3e38
"""Values that fit float32, which networks read."""


def read_options(top: dict[str, Any]) -> tuple[Options, int] | None:
    """Read what stands beside the series.

    Parameters
    ----------
    top : dict
        The body; all its members are of ``FIELDS``.

    Returns
    -------
    (Options, int) or None
        The options, and how many texts there were, names of members included; None where one is not plain.
    """
    horizon, levels, timeout = top.get("horizon"), top.get("quantile_levels"), top.get("timeout_ms")
    model = top.get("model")
    if horizon is not None and (type(horizon) is not int or horizon < 1):
        return None
    if timeout is not None and (type(timeout) is not int or timeout < 1):
        return None
    if levels is not None:
        if (
            type(levels) is not list
            or not levels
            or len(levels) > 64
            or any(type(level) is not float for level in levels)
        ):
            return None
        if len(set(levels)) != len(levels):
            return None
    if model is not None and (type(model) is not str or not model):
        return None
    options = Options(model, horizon, None if levels is None else tuple(levels), timeout)
    return options, len(top) + (model is not None)
