"""Replies to whole series as JSON, the same as ``encoder`` writes."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.http.ids import ulid
from service.models.model import Model
from service.models.value_bounds import CODE, note_of
from service.protocols.forecast.histories.placed import Placed


class HistoryReply:
    """See ``service.histories.request.Reply``.

    Parameters
    ----------
    placed : sequence of Placed
        In the order of the request.
    model : Model
        What forecasts, whole.
    levels : tuple of float
        Quantile levels Q.
    """

    def __init__(self, placed: Sequence[Placed], model: Model, levels: tuple[float, ...]) -> None:
        self._placed, self._model, self._names = placed, model, _names(levels)

    def encode(self, numbers: NDArray[np.float64], kept: Sequence[bool], queue_ms: float, compute_ms: float) -> bytes:
        """See ``Reply.encode``."""
        model = self._model
        for one, changed in zip(self._placed, kept, strict=True):
            if changed:
                one.warnings.append((CODE, note_of(model)))
        reply = {
            "id": f"fc_{ulid()}",
            "model": model.identity,
            "forecasts": [self._forecast(one, rows) for one, rows in zip(self._placed, numbers, strict=True)],
            "timing_ms": {"queue": round(queue_ms, 3), "compute": round(compute_ms, 3)},
        }
        return orjson.dumps(reply, option=orjson.OPT_SERIALIZE_NUMPY)

    def _forecast(self, one: Placed, rows: NDArray[np.float64]) -> dict[str, Any]:
        forecast: dict[str, Any] = {"item_id": one.item_id, "start": one.start, "freq": one.freq}
        if one.season is not None:
            forecast["season"] = one.season
        forecast["mean"] = rows[0]
        forecast["quantiles"] = dict(zip(self._names, rows[1:], strict=True))
        forecast["session"] = None
        forecast["warnings"] = [{"code": code, "detail": detail} for code, detail in one.warnings]
        forecast["error"] = None
        return forecast


@lru_cache(maxsize=256)
def _names(levels: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(map(repr, levels))
