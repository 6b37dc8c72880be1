"""What the network reads where a value is missing: the ``missing`` policies."""

import numpy as np

from service.errors import Unprocessable
from service.sessions.series_input import Doubles


def fill(values: Doubles, before: Doubles, policy: str, reach: int, time_index: int) -> Doubles:
    """Fill the missing values of new steps.

    ``mask`` leaves missing values missing. ``ffill`` repeats the last known value, over at most ``reach`` steps, so
    that a session that keeps no more says the same. ``linear`` joins the known values on both sides; at the open end,
    where the other side is not known yet, values stay missing.

    Parameters
    ----------
    values : array of float64, ``[V, T]``
        New steps, NaN where missing.
    before : array of float64, ``[V, K]``
        What the series held until then.
    policy : str
        ``mask``, ``ffill``, ``linear`` or ``error``.
    reach : int
        Steps over which a value is repeated at most.
    time_index : int
        Index of the first new step.

    Returns
    -------
    array of float64, ``[V, T]``
        The same steps.

    Raises
    ------
    Unprocessable
        If the policy is ``error`` and a value is missing.

    Examples
    --------
    >>> fill(np.array([[np.nan, 2.0]]), np.array([[1.0]]), "ffill", 24, 5)
    array([[1., 2.]])
    """
    missing = np.isnan(values)
    if policy == "mask" or not missing.any():
        return values
    if policy == "error":
        step = int(missing.any(axis=0).argmax())
        raise Unprocessable(
            f"target: expected every value because missing is 'error', but new step {step} (index {time_index + step}) "
            "has none; give it, or set missing to 'mask', 'ffill' or 'linear'",
            code="missing_value",
        )
    longer = np.concatenate([before[:, -reach:], values], axis=1)
    filled = _forward(longer, reach) if policy == "ffill" else _linear(longer)
    return filled[:, longer.shape[1] - values.shape[1] :]


def _forward(values: Doubles, reach: int) -> Doubles:
    steps = np.arange(values.shape[1])
    known = np.maximum.accumulate(np.where(np.isnan(values), -1, steps), axis=1)
    within = (known >= 0) & (steps - known <= reach)
    repeated = np.take_along_axis(values, np.maximum(known, 0), axis=1)
    return np.where(within, repeated, values)


def _linear(values: Doubles) -> Doubles:
    steps = np.arange(values.shape[1])
    filled = values.copy()
    for row in filled:
        known = ~np.isnan(row)
        if known.any():
            row[:] = np.interp(steps, steps[known], row[known], left=np.nan, right=np.nan)
    return filled
