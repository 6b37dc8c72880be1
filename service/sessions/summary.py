"""What a client reads of how good a session's forecasts turned out to be."""

from collections.abc import Sequence
from math import isfinite

import numpy as np

from service.sessions.live_metrics import metric_of
from service.sessions.recent_surprise import in_order
from service.sessions.series_input import Doubles
from service.stores.interface import Scores
from statecast.metrics.calibration import Calibration
from statecast.uncertainty.surprise import interval_levels


def summary(
    scores: Scores, coverage: float, variables: Sequence[str] = ("",), last_index: int = 0
) -> dict[str, object]:
    """Give the ``scores`` object of ``GET /sessions/{id}``.

    Parameters
    ----------
    scores : mapping of str to array
        States by the metric's name.
    coverage : float
        Nominal coverage of the scored interval.
    variables : sequence of str
        Names of the session's variables.
    last_index : int
        Time index of its last value.

    Returns
    -------
    dict
        Figure by name; null where nothing was scored yet.
    """
    levels = interval_levels(coverage)
    shares = Calibration().shares(scores.get(Calibration.name, Calibration().initial(levels=3)), levels)
    recent = [_plain(row) for row in in_order(scores, len(variables), last_index)]
    known = ((name, metric_of(name), state) for name, state in scores.items())
    figures = {name: float(metric.value(state)) for name, metric, state in known if metric is not None}
    return {
        "observations": int(scores["coverage"][1]) if scores else 0,
        **{name: figure if np.isfinite(figure) else None for name, figure in figures.items()},
        "nominal_coverage": coverage,
        "coverage_by_level": dict(zip((f"{level:.6g}" for level in levels), _plain(shares), strict=True)),
        "surprise": recent[0] if tuple(variables) == ("",) else dict(zip(variables, recent, strict=True)),
    }


def _plain(values: Doubles) -> list[float | None]:
    return [value if isfinite(value) else None for value in values.tolist()]
