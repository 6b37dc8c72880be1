"""Where in a series forecasts are made: cut-offs, counted back from its end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError


@dataclass(frozen=True)
class Cutoffs:
    """Where forecasts are made, counted back from the end, so that every forecast step of a series has its value.

    Parameters
    ----------
    count : int
        How many, N.
    step : int
        Steps from one to the next.
    horizon : int
        Steps ahead F that are forecast at each.
    """

    count: int
    step: int
    horizon: int

    def first(self, steps: int) -> int:
        """Give how many steps of a series have been read at the first cut-off.

        Parameters
        ----------
        steps : int
            Of the series, T.

        Returns
        -------
        int
            0 or less where the series is too short.
        """
        return steps - self.horizon - (self.count - 1) * self.step

    def most(self, steps: int) -> int:
        """Give the largest number of such cut-offs that a series has.

        Parameters
        ----------
        steps : int
            Of the series, T.
        """
        return max(0, (steps - self.horizon - 1) // self.step + 1)

    def read(self, steps: int) -> NDArray[np.int64]:
        """Give how many steps have been read at each cut-off, ``[N]``.

        Parameters
        ----------
        steps : int
            Of the series, T.
        """
        return self.first(steps) + self.step * np.arange(self.count)


def too_short(steps: int, cutoffs: Cutoffs) -> InputError:
    """Make the refusal of a series that is too short.

    Parameters
    ----------
    steps : int
        That it has.
    cutoffs : Cutoffs
        That were requested.

    Returns
    -------
    InputError
        Not raised yet.
    """
    most = cutoffs.most(steps)
    hint = f"request at most {most}" if most else f"a forecast of {cutoffs.horizon} steps needs {cutoffs.horizon + 1}"
    return InputError(
        f"cutoffs: expected at least one value before the first of {cutoffs.count} cut-offs, {cutoffs.step} steps "
        f"apart with {cutoffs.horizon} to forecast, got a series of {steps} steps; {hint}"
    )
