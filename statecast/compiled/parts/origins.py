"""What forecasts from many origins at once are made of, what is made of it on the way, and the forecasts.

Shapes: M origins, D width and W its padding, R resolutions, S segments of L steps, E naive forecasts, Q levels,
F steps, C known covariates, K values of the look-back. What belongs to a segment is ``[M, S, .]``, quantiles are
``[M, S, Q, L]``.
"""

from typing import Any, NamedTuple

from statecast.compiled.arithmetic.kernel import Floats, Network, kernel
from statecast.compiled.arithmetic.products import LANE, padded
from statecast.compiled.parts.naive import shapes_of


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
    naive : Floats [M, S, 4 L + 5], L padded to eight from here on
        What the naive forecasts are made of, in units of scale; see ``statecast.compiled.parts.naive``.
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
    head : Floats [M, S, padded E + padded Q L]
        The head's outputs: scores of naive forecasts, distances of quantiles.
    parts : Floats [M, S, LANE]
        How much of each shape and line the shares of the naive forecasts come to.
    spread : Floats [M, F, W]
        Room for what is known of each step; empty where nothing is.
    steps : Floats [M, F, padded Q]
        What that adds to the head's outputs.
    lookback : Floats [M, padded horizon]
        What a linear map of the look-back adds to the centre; empty without one.
    raw : Floats [M, S, Q, L]
        The forecasts: quantiles before calibration, in units of scale.
    resolution_weights : Floats [M, S, R]
        Shares of the resolutions.
    seasons : Floats [3, season]
        Room for what repeats in one origin's naive forecasts.
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
    parts: Floats
    spread: Floats
    steps: Floats
    lookback: Floats
    raw: Floats
    resolution_weights: Floats
    seasons: Floats


@kernel
def origin_sizes(n: Network, count: int, segments: int) -> Any:
    """Give the lengths of what M origins need.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    count : int, M
        Origins.
    segments : int, S
        Segments of the horizon that are forecast.

    Returns
    -------
    tuple of int
        One per field of ``Origins``.
    """
    width, s = padded(n.width), count * segments
    length = segments * n.segment_length
    levels = n.levels * n.segment_span
    several = count if n.resolutions > 1 else 0
    known = count * length if n.known > 0 else 0
    recurrent = s if n.recurrent_decoder else 0
    mapped = count if n.linear_lookback or n.shared_lookback else 0
    return (
        n.resolutions * count * width,
        n.resolutions * count,
        count * n.lookback_length,
        s * shapes_of(n),
        count * n.static,
        known * n.known,
        n.resolutions * count * width,
        n.resolutions * several * width,
        count * width,
        s * width,
        s * width,
        recurrent * 2 * 3 * width,
        s * (padded(n.naive_forecasts) + padded(levels)),
        s * LANE,
        known * width,
        known * padded(n.levels),
        mapped * padded(n.horizon) + n.segment_span,
        s * levels,
        s * n.resolutions,
        3 * n.season,
    )
