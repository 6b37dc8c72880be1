"""How far a row's intervals are stretched; the formulas are those of ``statecast.uncertainty.calibration``.

Shapes: S segments, Q levels; offsets are ``[2, S]``, below and above the median.
"""

import numpy as np

from statecast.compiled.arithmetic.elementary import exp
from statecast.compiled.arithmetic.kernel import Floats, Network, Number, kernel

_YOUNGEST = 0.1  # as in statecast.uncertainty.calibration


@kernel
def widening(n: Network, weights: Floats, age: int, segment: int) -> Number:
    """Give the log of the width that a young series adds on both sides of a segment.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    age : int, steps read by the origin
    segment : int, of the horizon, from 0
    """
    lives = np.float32(n.half_life / max(np.float64(age), n.half_life * _YOUNGEST))
    return lives * weights[n.cold_start_widening + segment]


@kernel
def expected(n: Network, weights: Floats, side: int, segment: int, in_sample: bool) -> Number:
    """Give the log of the stretch that an average series needs, without widening.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    side : int, 0 below the median, 1 above
    segment : int, of the horizon, from 0
    in_sample : bool, whether the network was fitted on the step in question
    """
    table = n.in_sample_offsets if in_sample else n.conformal_offsets
    return weights[table + side * n.segments + segment]


@kernel
def stretches(n: Network, weights: Floats, row: Floats, age: int, segment: int) -> tuple[Number, Number]:
    """Give how many times as far from the median a row's quantiles lie as its raw ones, below and above it.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    row : Floats, a row of state as float32
    age : int, steps read by the origin
    segment : int, of the horizon, from 0
    """
    wider = widening(n, weights, age, segment)
    below = expected(n, weights, 0, segment, False) + wider
    above = expected(n, weights, 1, segment, False) + wider
    if n.adapts > 0:
        below += row[n.at_conformal_offsets + segment]
        above += row[n.at_conformal_offsets + n.segments + segment]
    return exp(below), exp(above)
