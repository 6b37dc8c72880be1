"""Which of several to take, by what validation says of each."""

from collections.abc import Sequence

NOISE = 0.01
"""Share by which validation has to be better to say anything: another seed moves it by as much."""


def choose(validations: Sequence[float]) -> int:
    """Choose the likeliest candidate, which comes first, unless another is clearly better.

    Parameters
    ----------
    validations : sequence of float
        One per candidate, lower is better.

    Returns
    -------
    int
        Place of the chosen one: 0, or that of the lowest where the first is more than ``NOISE`` above it.

    Examples
    --------
    >>> choose([1.005, 1.0]), choose([1.02, 1.0])
    (0, 1)
    """
    best = min(range(len(validations)), key=validations.__getitem__)
    return 0 if validations[0] <= (1.0 + NOISE) * validations[best] else best
