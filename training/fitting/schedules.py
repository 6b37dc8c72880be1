"""Schedules of the learning rate, as factors of the highest one."""

import math


def rise_and_fall(step: int, share: float, warm_up: int) -> float:
    """Scale a learning rate: a short rise, then a half cosine down to a fiftieth.

    Parameters
    ----------
    step : int
        Steps done.
    share : float
        Share of the training that is over.
    warm_up : int
        Steps of the rise; 0 for none.

    Returns
    -------
    float
        Factor of the highest learning rate, above 0 and at most 1.

    Examples
    --------
    >>> rise_and_fall(0, 0.0, 4), rise_and_fall(9, 0.0, 4), round(rise_and_fall(99, 1.0, 4), 4)
    (0.25, 1.0, 0.02)
    """
    rise = min(1.0, (step + 1) / max(warm_up, 1))
    return rise * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0))))


def rise_stay_fall(step: int, steps: int, falling: float, warm_up: int) -> float:
    """Rise briefly, stay, and fall linearly to a fiftieth over the last steps.

    Parameters
    ----------
    step : int
        Steps done.
    steps : int
        Steps in all.
    falling : float
        Share of them, the last ones, over which it falls.
    warm_up : int
        Steps of the rise.

    Returns
    -------
    float
        Factor of the highest learning rate, above 0 and at most 1.

    Examples
    --------
    >>> rise_stay_fall(0, 100, 0.5, 10), rise_stay_fall(30, 100, 0.5, 10), round(rise_stay_fall(100, 100, 0.5, 10), 4)
    (0.02, 1.0, 0.02)
    """
    left = (steps - step) / max(steps * falling, 1.0)
    return min(step / warm_up + 0.02, 1.0) * (min(left, 1.0) * 0.98 + 0.02)
