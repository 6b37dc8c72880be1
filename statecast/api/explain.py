"""What a forecast of one series was made of, by hand."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.api.backtest import choose_member
from statecast.api.series_explanation import SeriesExplanation
from statecast.api.session import roll_forecast
from statecast.api.whole_series import read_values, read_whole
from statecast.compiled import compile_network, is_built, slot_network
from statecast.errors import InputError
from statecast.models.family import REACH, Family
from statecast.models.interface import SeriesNetwork


def explain_series(
    network: SeriesNetwork | Family, history: Any, horizon: int | None = None, **options: Any
) -> SeriesExplanation:
    """Say what a forecast of a series is made of.

    Parameters
    ----------
    network : SeriesNetwork or Family
        What forecasts.
    history : sequence of float
        T observations, None or NaN where missing.
    horizon : int, optional
        Steps ahead F; left out, the model's.
    **options
        Times and covariates, as in ``statecast.api.whole_series.read_whole``; of a family ``season`` too.

    Returns
    -------
    SeriesExplanation
        Of F steps; bounds are not kept.

    Raises
    ------
    InputError
        If the horizon is longer, or something of the series does not fit.
    """
    target = read_values(history)
    own, options = choose_member(network, target, 0, **options)
    most, wanted = REACH if isinstance(network, Family) else own.config.horizon, horizon or network.config.horizon
    if not 1 <= wanted <= most:
        raise InputError(f"horizon: expected 1 to {most}, the longest that the model forecasts, got {wanted}")
    whole, _ = read_whole(own, target, wanted, **options)
    slots = slot_network((compile_network(own) if is_built() else None) or own)
    cache, row, known = slots.new_cache(2), np.zeros(1, dtype=np.int64), whole.known[None]
    slots.begin_slots(cache, row, np.array([whole.before]), whole.static[None])
    slots.advance_slots(
        cache, row, row, whole.target, whole.past[None], np.ascontiguousarray(known[:, : whole.steps]),
        whole.mixed_frequency, whole.coarse_history,
    )  # fmt: skip
    _, mean, near = roll_forecast(slots, cache, known[0, whole.steps :], wanted)
    found, config = near.above(whole.level), own.config
    segments = -(-wanted // config.segment_length)

    def shares(weights: NDArray[Any], names: tuple[str, ...]) -> dict[str, Any]:
        return {name: weights[0, :segments, place] for place, name in enumerate(names)}

    return SeriesExplanation(
        mean=mean + whole.level,
        baseline=found.baseline[0],
        resolutions=shares(found.resolution_weights, tuple(config.resolution_names)),
        naive_forecasts=shares(found.naive_forecast_weights, tuple(config.naive_forecasts)),
        time={str(age): float(one[0]) for age, one in found.time_weights.items()},
        features={name: float(one[0]) for name, one in found.feature_weights.items()},
    )
