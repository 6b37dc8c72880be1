"""Replies to streamed observations as JSON, the same as ``encoder`` writes."""

from bisect import bisect_right
from functools import lru_cache
from itertools import chain
from typing import Any

import orjson

from service.errors import ServiceError
from service.http.ids import ulid
from service.http.problems import problem
from service.models.model import Model
from service.protocols.forecast.streamed.json_rows import ITEM_ID, SESSION, json_rows
from service.streaming.forecasts import BatchForecasts
from service.streaming.request import Part, StreamedRequest

_FAILED: dict[str, Any] = {
    "start": None, "freq": None, "mean": None, "quantiles": None, "session": None, "warnings": [],
}  # fmt: skip


class JsonReply:
    """See ``service.streaming.request.Reply``; it holds the pieces of consecutive rows by the first of them.

    Attributes
    ----------
    headers : bytes
        Lines beside the body.
    """

    headers = b""

    def __init__(self) -> None:
        self._pieces: dict[int, list[bytes]] = {}
        self._failed: dict[int, bytes] = {}
        self._width = 1

    def add(self, request: StreamedRequest, part: Part, forecasts: BatchForecasts) -> None:
        """See ``Reply.add``."""
        body, key = request.body, ("json", request.levels, request.horizon)
        whole, width = forecasts.shared(key, lambda: json_rows(forecasts, request))
        places, sessions, item_ids, self._width = part.places.tolist(), body.sessions, body.item_ids, width
        pieces = whole[part.at * width : (part.at + len(places)) * width]
        if len(places) < request.size:
            sessions, item_ids = [sessions[place] for place in places], [item_ids[place] for place in places]
        pieces[ITEM_ID::width] = map(orjson.dumps, item_ids)
        pieces[width + SESSION :: width] = map(orjson.dumps, sessions)
        if places[-1] - places[0] == len(places) - 1:
            self._pieces[places[0]] = pieces
            return
        for row, place in enumerate(places):
            self._pieces[place] = pieces[row * width : (row + 1) * width]

    def fail(self, request: StreamedRequest, place: int, error: ServiceError) -> None:
        """See ``Reply.fail``."""
        failed = {"item_id": request.body.item_ids[place], **_FAILED, "error": problem(error, request.identity)}
        self._failed[place] = b"," + orjson.dumps(failed)

    def encode(self, request: StreamedRequest) -> bytes:
        """See ``Reply.encode``."""
        if self._failed:
            self._take_in_failed()
        parts = self._pieces
        pieces = parts[0] if len(parts) == 1 else list(chain.from_iterable(parts[first] for first in sorted(parts)))
        pieces[0] = pieces[0][1:]
        named, timing = _name(request.model), (round(request.queue_ms, 3), round(request.compute_ms, 3))
        head = b'{"id":"fc_%s","model":%s,"forecasts":[' % (ulid().encode(), named)
        return b"".join((head, *pieces, b'],"timing_ms":{"queue":%a,"compute":%a}}' % timing))

    def _take_in_failed(self) -> None:
        """Put failures in the places of their rows."""
        firsts, width = sorted(self._pieces), self._width
        for place, text in self._failed.items():
            first = firsts[bisect_right(firsts, place) - 1] if firsts else place
            pieces, begin = self._pieces.get(first, []), (place - first) * width
            if 0 <= begin < len(pieces):
                pieces[begin : begin + width] = [text, *[b""] * (width - 1)]
            else:
                self._pieces[place] = [text]


@lru_cache(maxsize=64)
def _name(model: Model) -> bytes:
    return orjson.dumps(model.identity)
