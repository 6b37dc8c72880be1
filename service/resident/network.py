"""A network as its resident sessions see it."""

from typing import NamedTuple

from statecast.config import ForecasterConfig


class ResidentNetwork(NamedTuple):
    """What there is to know of a network beside its weights.

    Parameters
    ----------
    key : str
        See ``member_key``.
    config : ForecasterConfig
        Its shape.
    tail_exponents : tuple of float
        See ``Calibration.exponents``.
    """

    key: str
    config: ForecasterConfig
    tail_exponents: tuple[float, float]
