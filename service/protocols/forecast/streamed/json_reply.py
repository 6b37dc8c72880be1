"""Replies to streamed observations as JSON, the same as ``encoder`` writes."""

from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.errors import ServiceError
from service.http.ids import ulid
from service.http.problems import problem
from service.models.value_bounds import note_of
from service.protocols.forecast.streamed.warnings import warnings_of
from service.resident.session import ResidentSession
from service.serving.views import instant, session_fields
from service.stores.digest import text_of
from service.streaming.request import StreamedRequest

_FAILED: dict[str, Any] = {
    "start": None, "freq": None, "mean": None, "quantiles": None, "session": None, "warnings": [],
}  # fmt: skip


class JsonReply:
    """See ``service.streaming.request.Reply``.

    Parameters
    ----------
    rows : int
        Of the request.

    Attributes
    ----------
    headers : bytes
        Lines beside the body.
    """

    headers = b""

    def __init__(self, rows: int) -> None:
        self._forecasts: list[dict[str, Any]] = [{}] * rows

    def add(
        self, request: StreamedRequest, place: int, session: ResidentSession, row: NDArray[np.float64], kept: bool
    ) -> None:
        """See ``Reply.add``."""
        body, config, opened = request.body, request.sessions[place][0].config, session.opened
        forecast: dict[str, Any] = {"item_id": body.item_ids[place], "start": session.next_time, "freq": opened.freq}
        if request.model.longest_season is not None:
            forecast["season"] = config.season
        forecast["mean"] = row[0]
        forecast["quantiles"] = dict(zip(_names(request.levels), row[1:], strict=True))
        forecast["session"] = session_fields(
            body.sessions[place], session.count, session.last_index, session.last_time, text_of(session.digest),
            _instant(session.expires_at), 1, 0, opened=False,
        )  # fmt: skip
        note = note_of(request.model) if kept else ""
        forecast["warnings"] = [{"code": code, "detail": detail} for code, detail in warnings_of(session, config, note)]
        forecast["error"] = None
        self._forecasts[place] = forecast

    def fail(self, request: StreamedRequest, place: int, error: ServiceError) -> None:
        """See ``Reply.fail``."""
        self._forecasts[place] = {
            "item_id": request.body.item_ids[place],
            **_FAILED,
            "error": problem(error, request.identity),
        }

    def encode(self, request: StreamedRequest) -> bytes:
        """See ``Reply.encode``."""
        model = request.model
        reply = {
            "id": f"fc_{ulid()}",
            "model": {"name": model.name, "version": model.version, "digest": model.digest},
            "forecasts": self._forecasts,
            "timing_ms": {"queue": round(request.queue_ms, 3), "compute": round(request.compute_ms, 3)},
        }
        return orjson.dumps(reply, option=orjson.OPT_SERIALIZE_NUMPY)


@lru_cache(maxsize=256)
def _names(levels: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(map(repr, levels))


_instant = lru_cache(maxsize=256)(instant)  # one for all sessions of a batch
