"""One whole series without a session, as the engine reads it: arrays and whole numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False, slots=True)
class History:
    """A series of one variable that is read from its first step and forecast once.

    Parameters
    ----------
    model : str
        Key of the network, see ``member_key``.
    before : int
        Time index of the step before the first.
    target : array of float32, ``[T]``
        Deviations from ``level``, NaN where missing; T is at least 1.
    known : array of float32, ``[T + F, Ck]``
        Calendar features of these steps and of the F steps that are forecast.
    level : float
        What is added to forecasts, see ``statecast.inputs.level``.
    lower, upper : float
        What its forecast is kept inside of; infinite for none.
    """

    model: str
    before: int
    target: NDArray[np.float32]
    known: NDArray[np.float32]
    level: float
    lower: float
    upper: float
