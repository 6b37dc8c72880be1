"""Numbers of streamed forecasts as replies have them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Numbers(NamedTuple):
    """Numbers of N rows as replies have them.

    Parameters
    ----------
    values : array of float64, ``[N, 1 + Q, F]``
        Mean, then each quantile, inside of the bounds that the fit noticed or the series shows.
    kept : array of bool, ``[N]``
        Rows that these bounds changed.
    """

    values: NDArray[np.float64]
    kept: NDArray[np.bool_]
