"""Replies to streamed observations as an Arrow table, the same as ``encoder`` writes."""

import numpy as np
from numpy.typing import NDArray

from service.codecs.table_warnings import HEADER, collect_warnings, metadata_of, write_warnings
from service.codecs.table_writer import TableRows, write_table
from service.errors import ServiceError
from service.models.value_bounds import note_of
from service.protocols.forecast.streamed.warnings import warnings_of
from service.resident.session import ResidentSession
from service.streaming.request import StreamedRequest
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency


class TableReply:
    """See ``service.streaming.request.Reply``.

    Parameters
    ----------
    rows : int
        Of the request.

    Attributes
    ----------
    headers : bytes
        Lines beside the body, once it is encoded.
    """

    def __init__(self, rows: int) -> None:
        self._numbers: list[NDArray[np.float64] | None] = [None] * rows
        self._axes: list[tuple[str | None, int, str] | None] = [None] * rows
        self._starts, self._errors = [0] * rows, [""] * rows
        self._warnings: list[list[tuple[str, str]]] = [[] for _ in range(rows)]
        self.headers = b""

    def add(
        self, request: StreamedRequest, place: int, session: ResidentSession, row: NDArray[np.float64], kept: bool
    ) -> None:
        """See ``Reply.add``."""
        opened = session.opened
        self._numbers[place] = row
        self._axes[place] = None if opened.freq is None else (opened.freq, opened.offset, opened.zone)
        self._starts[place] = session.last_index + 1
        note = note_of(request.model) if kept else ""
        self._warnings[place] = warnings_of(session, request.sessions[place][0].config, note)

    def fail(self, request: StreamedRequest, place: int, error: ServiceError) -> None:  # noqa: ARG002
        """See ``Reply.fail``."""
        self._errors[place] = f"{error.code}: {error.detail}"

    def encode(self, request: StreamedRequest) -> bytes:
        """See ``Reply.encode``."""
        horizon, rows = request.horizon, len(self._numbers)
        lengths = np.array([1 if numbers is None else horizon for numbers in self._numbers])
        whole = [numbers for numbers in self._numbers if numbers is not None]
        present = np.repeat([numbers is not None for numbers in self._numbers], lengths)
        table = np.full((len(present), 1 + len(request.levels)), np.nan)
        table[present] = np.stack(whole).transpose(0, 2, 1).reshape(-1, table.shape[1])
        steps = np.zeros(len(present), dtype=np.int64)
        starts = np.array([self._starts[place] for place in range(rows) if self._numbers[place] is not None])
        steps[present] = (starts[:, None] + np.arange(horizon)).ravel()
        axes = {kind: _axis(*kind) for kind in set(self._axes) if kind is not None}
        warned = collect_warnings(zip(request.body.item_ids, self._warnings, strict=True))
        if warned:
            self.headers = b"%s: %s\r\n" % (HEADER.lower().encode(), write_warnings(warned))
        return write_table(
            TableRows(
                item_ids=request.body.item_ids,
                variables=[None if error else "" for error in self._errors],
                errors=[error or None for error in self._errors],
                axes=[None if kind is None else axes[kind] for kind in self._axes],
                lengths=lengths,
                steps=steps,
                numbers=table,
            ),
            request.levels,
            arrow=True,
            metadata=metadata_of(warned),
        )


def _axis(freq: str | None, offset: int, zone: str) -> TimeAxis:
    return TimeAxis(Frequency.parse(freq or "1s"), offset, zone)
