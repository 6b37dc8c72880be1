"""What forecasts from many origins at once are made of, what is made of it on the way, and the forecasts.

Shapes: M origins, D width and W its padding, R resolutions, S segments of L steps, E naive forecasts, Q levels,
F steps, C known covariates, K values of the look-back. What belongs to a segment is ``[M, S, .]``, quantiles are
``[M, S, Q, L]``.
"""

from typing import NamedTuple

import numpy as np

from statecast.compiled.arithmetic.kernel import Floats, Network, kernel
from statecast.compiled.arithmetic.products import padded
from statecast.compiled.parts.naive import SeasonScratch, new_season_scratch


class Origins(NamedTuple):
    """Arrays for M origins, all flat and in the shape given; those in units of scale say so.

    Parameters
    ----------
    hidden : Floats [R, M, W]
        Hidden vectors, the finest resolution's first.
    ages : Floats [R, M]
        Share of the open bucket that has passed; the finest has none.
    window : Floats [M, K]
        The look-back, in units of scale, without gaps.
    naive : Floats [M, S, E, L]
        Naive forecasts, in units of scale.
    static : Floats [M, Cs]
        Encoded static covariates.
    future : Floats [M, F, C]
        Calendar features and encoded future covariates of the steps to come.
    values, keys : Floats [R, M, W]
        What attention over resolutions reads, and by what it chooses; no keys where there is one resolution.
    query : Floats [M, W]
        The origin's part in choosing; afterwards what the static covariates add.
    context : Floats [M, S, W]
        What is known of a segment without the hidden vectors.
    mixed : Floats [M, S, W]
        What a segment attended to, then its context.
    gates : Floats [2, M, S, 3 W]
        Room for the recurrent decoder; empty without it.
    head : Floats [M, S, padded Q L + E]
        The head's outputs: distances of quantiles, scores of naive forecasts.
    spread : Floats [M, F, W]
        Room for what is known of each step; empty where nothing is.
    steps : Floats [M, F, padded Q]
        What that adds to the head's outputs.
    lookback : Floats [M, padded horizon]
        What a linear map of the look-back adds to the centre; empty without one.
    raw : Floats [M, S, Q, L]
        The forecasts: quantiles before calibration, in units of scale.
    naive_weights : Floats [M, S, E]
        Shares of the naive forecasts.
    resolution_weights : Floats [M, S, R]
        Shares of the resolutions.
    seasons : SeasonScratch
        Room for one origin's naive forecasts.
    """

    hidden: Floats
    ages: Floats
    window: Floats
    naive: Floats
    static: Floats
    future: Floats
    values: Floats
    keys: Floats
    query: Floats
    context: Floats
    mixed: Floats
    gates: Floats
    head: Floats
    spread: Floats
    steps: Floats
    lookback: Floats
    raw: Floats
    naive_weights: Floats
    resolution_weights: Floats
    seasons: SeasonScratch


@kernel
def new_origins(n: Network, count: int, segments: int) -> Origins:
    """Allocate for M origins.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    count : int, M
        Origins.
    segments : int, S
        Segments of the horizon that are forecast.

    Returns
    -------
    Origins
        Not initialised.
    """
    width, s = padded(n.width), count * segments
    length = segments * n.segment_length
    levels = n.levels * n.segment_length
    several = count if n.resolutions > 1 else 0
    known = count * length if n.known > 0 else 0
    recurrent = s if n.recurrent_decoder else 0
    return Origins(
        np.empty(n.resolutions * count * width, np.float32),
        np.empty(n.resolutions * count, np.float32),
        np.empty(count * n.lookback_length, np.float32),
        np.empty(s * n.naive_forecasts * n.segment_length, np.float32),
        np.empty(count * max(n.static, 1), np.float32),
        np.empty(known * max(n.known, 1), np.float32),
        np.empty(n.resolutions * count * width, np.float32),
        np.empty(n.resolutions * several * width, np.float32),
        np.empty(count * width, np.float32),
        np.empty(s * width, np.float32),
        np.empty(s * width, np.float32),
        np.empty(recurrent * 2 * 3 * width, np.float32),
        np.empty(s * padded(levels + n.naive_forecasts), np.float32),
        np.empty(known * width, np.float32),
        np.empty(known * padded(n.levels), np.float32),
        np.empty(count * (padded(n.horizon) if n.linear_lookback or n.shared_lookback else 0), np.float32),
        np.empty(s * levels, np.float32),
        np.empty(s * n.naive_forecasts, np.float32),
        np.empty(s * n.resolutions, np.float32),
        new_season_scratch(n),
    )
