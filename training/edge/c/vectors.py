"""What a compiled network must give: a series by a rule, and a digest of all that the numpy reference makes of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.edge.integer.network import IntegerNetwork, IntegerState

STEPS = 10_000
EVERY = 10
"""Steps between forecasts."""
_FACTOR, _ADDEND, _WHOLE = 6364136223846793005, 1442695040888963407, 2**64  # Knuth's linear congruential generator


@dataclass(frozen=True)
class Vectors:
    """What the reference gave."""

    steps: int
    """Values read."""
    every: int
    """Steps between forecasts."""
    digest: int
    """Of hidden vectors, means, spreads and quantiles, all bits of all steps; 64 bits."""
    first: NDArray[np.float64]
    """Quantiles ``[Q]`` of the first step ahead, of the last forecast."""
    last: NDArray[np.float64]
    """Those of its last step ahead."""


def series_of(season: int, steps: int) -> NDArray[np.float64]:
    """Make the series that the test program makes: a wave over the season, noise, and gaps.

    Parameters
    ----------
    season : int
        Steps per season, m.
    steps : int
        How many, T.

    Returns
    -------
    array
        ``[T]`` float64, NaN missing.
    """
    found, random = np.empty(steps), 1
    for step in range(steps):
        place = step % season
        random = (random * _FACTOR + _ADDEND) % _WHOLE
        noise = (random >> 40) % 2001
        wave = 40.0 * float(place * (season - place)) / float(season * season)
        found[step] = np.nan if step and noise % 97 == 0 else 100.0 + 0.005 * float(noise) + wave
    return found


def make_vectors(network: IntegerNetwork, steps: int = STEPS, every: int = EVERY) -> Vectors:
    """Run the reference over the test series.

    Parameters
    ----------
    network : IntegerNetwork
        The reference.
    steps : int
        Values to read.
    every : int
        Steps between forecasts; ``steps`` is a multiple.

    Returns
    -------
    Vectors
        What a compiled network must give.
    """
    state, digest = network.begin(1), 0
    quantiles = np.empty(0)
    for step, value in enumerate(series_of(network.config.season, steps)):
        state = network.step(state, [value])
        parts = _bits(state)
        if step % every == every - 1:
            quantiles = network.forecast(state)[0]
            parts = np.concatenate([parts, quantiles.ravel().view(np.uint64)])
        weights = np.arange(1, 2 * len(parts), 2, dtype=np.uint64)
        digest = (digest * _FACTOR + int((parts * weights).sum(dtype=np.uint64))) % _WHOLE
    return Vectors(steps, every, digest, quantiles[0], quantiles[-1])


def write_vectors(vectors: Vectors) -> str:
    """Write ``model_vectors.h``.

    Parameters
    ----------
    vectors : Vectors
        What the reference gave.

    Returns
    -------
    str
        Text of a header of C99.
    """
    first, last = (", ".join(repr(float(value)) for value in row) for row in (vectors.first, vectors.last))
    return (
        "/* What the numpy reference gave for the series that model_test.c makes. */\n"
        f"#define MODEL_TEST_STEPS {vectors.steps}\n"
        f"#define MODEL_TEST_EVERY {vectors.every}\n"
        f"#define MODEL_TEST_DIGEST UINT64_C({vectors.digest})\n"
        f"static const double model_test_first[] = {{ {first} }};\n"
        f"static const double model_test_last[] = {{ {last} }};\n"
    )


def _bits(state: IntegerState) -> NDArray[np.uint64]:
    hidden = state.hidden[0, -1, -1].astype(np.int64).view(np.uint64)
    scaling = np.asarray([state.locs[0, -1], state.scales[0, -1]]).view(np.uint64)
    return np.concatenate([hidden, scaling])
