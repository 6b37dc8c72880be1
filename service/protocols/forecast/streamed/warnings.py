"""Warnings of streamed forecasts."""

import numpy as np

from service.models.value_bounds import CODE, note_of
from service.serving.warnings import history_warnings
from service.streaming.forecasts import BatchForecasts
from service.streaming.request import StreamedRequest

Warned = dict[int, list[tuple[str, str]]]
"""Code and detail of each warning, by row of the batch; rows without any are left out."""


def warnings_of(forecasts: BatchForecasts, request: StreamedRequest) -> Warned:
    """Say what makes forecasts less than they could be.

    Parameters
    ----------
    forecasts : BatchForecasts
        Of a batch.
    request : StreamedRequest
        One of the batch; those of its levels and horizon share what is given.

    Returns
    -------
    Warned
        Mostly empty.
    """
    model, levels, horizon = request.model, request.levels, request.horizon
    found: Warned = forecasts.shared("warnings", lambda: _warnings(forecasts))
    kept = forecasts.numbers(model, levels, horizon).kept
    if not kept.any():
        return found
    note = (CODE, note_of(model))
    return found | {row: [*found.get(row, ()), note] for row in np.flatnonzero(kept).tolist()}


def _warnings(forecasts: BatchForecasts) -> Warned:
    table, step = forecasts.table, forecasts.step
    config, axes = table.config, table.axis[step.rows].tolist()
    read, tail = step.index - table.first_index[step.rows] + 1, step.tail_length
    constant = (step.alike >= tail) & (tail > 1)
    likely = constant | (read < max(2 * config.season, config.patch_length))
    if config.calendar:
        likely |= np.array([axis.freq is None for axis in axes])
    return {
        row: history_warnings(config, int(read[row]), int(tail[row]), constant=bool(constant[row]), freq=axes[row].freq)
        for row in np.flatnonzero(likely).tolist()
    }
