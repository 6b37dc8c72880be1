"""Which of several to take, by what validation says of each."""

from collections.abc import Sequence

NOISE = 0.01
"""Share by which validation has to be better to say anything: another seed moves it by as much."""


def choose(validations: Sequence[float]) -> int:
    """The place of the one to take, lower being better: the first, the likeliest, unless another is clearly better."""
    best = min(range(len(validations)), key=validations.__getitem__)
    return 0 if validations[0] <= (1.0 + NOISE) * validations[best] else best
