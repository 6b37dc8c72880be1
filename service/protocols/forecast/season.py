"""Which season a series has: as it says, as its freq usually brings, or as its values show."""

import numpy as np
from numpy.typing import NDArray

from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.timeline import Timeline
from service.serving.catalog import Model
from service.sessions.series_input import Floats
from statecast.time.seasonality import SEASONS, choose_season, detect_season, usual_season


def season_of(series: SeriesRequest, timeline: Timeline, model: Model, most: int) -> int | None:
    """Give the steps per season with which a series begins; None for a model that has a season of its own.

    A session will grow, so it begins with the usual season of its freq however little it brings. Of several variables
    the first decides whose values show a season. ``most``: steps a series. What is wrong is noted in its faults.
    """
    longest = model.longest_season
    if longest is None:
        if series.season is not None:
            own = model.config.season
            series.fault(
                f"expected none, because {model} has its own of {own} steps, got {series.season}; leave it out",
                "season",
            )
        return None
    if series.season is not None:
        if series.season > longest:
            series.fault(
                f"expected 1 to {longest} steps, the longest that {model} knows, got {series.season}; leave it out, or "
                "give the series in a coarser freq",
                "season",
            )
        return min(series.season, longest)
    columns = [_on_grid(values, timeline, most) for values in series.target.values()]
    if timeline.season_freq is not None:
        usual = usual_season(timeline.season_freq)
        if usual <= longest:
            return usual if series.session is not None else choose_season(columns[0], str(timeline.season_freq))
    fitting = tuple(season for season in SEASONS if season <= longest)
    return next((season for values in columns if (season := detect_season(values, fitting)) > 1), 1)


def _on_grid(values: Floats, timeline: Timeline, most: int) -> Floats:
    """Values with a place for each step, given or not; a grid that is too long is left to those who refuse it."""
    clocks: NDArray[np.int64] | None = None if timeline.clocks is None else timeline.clocks[: len(values)]
    span = len(values) if clocks is None or not len(clocks) else int(clocks[-1] - clocks[0]) + 1
    if clocks is None or span == len(values) or span > most or len(clocks) < len(values):
        return values
    grid = np.full(span, np.nan, dtype=np.float32)
    grid[clocks - clocks[0]] = values
    return grid
