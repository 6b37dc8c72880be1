"""A series as arrays, all of it, as one pass reads it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statecast.models.slot_network import Floats


@dataclass(frozen=True, eq=False)
class WholeSeries:
    """A series of V variables, T steps long, that is read from its first step.

    Parameters
    ----------
    before : int
        Time index of the step before the first.
    target : NDArray
        ``[V, T]`` float32, deviations from ``level``, NaN where missing.
    past : NDArray
        ``[T, Cp]`` float32, encoded past covariates.
    known : NDArray
        ``[T, Ck]`` float32, calendar features, then encoded future covariates.
    static : NDArray
        ``[S]`` float32, encoded static covariates.
    level : NDArray
        ``[V]`` float64, added to what is forecast; see ``statecast.inputs.level``.
    mixed_frequency : NDArray or None
        ``[V, T, G]`` float32; see ``Observations``.
    coarse_history : NDArray or None
        ``[V, G, K]`` float32; see ``Observations``.
    """

    before: int
    target: Floats
    past: Floats
    known: Floats
    static: Floats
    level: NDArray[np.float64]
    mixed_frequency: Floats | None = None
    coarse_history: Floats | None = None

    @property
    def steps(self) -> int:
        """T."""
        return int(self.target.shape[1])
