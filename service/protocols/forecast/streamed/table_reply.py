"""Replies to streamed observations as an Arrow table, the same as ``encoder`` writes."""

import numpy as np
from numpy.typing import NDArray

from service.codecs.table_warnings import HEADER, collect_warnings, metadata_of, write_warnings
from service.codecs.table_writer import TableRows, named_numbers, write_table
from service.errors import ServiceError
from service.protocols.forecast.streamed.warnings import warnings_of
from service.resident.axis import SessionAxis
from service.streaming.forecasts import BatchForecasts
from service.streaming.request import Part, StreamedRequest


class TableReply:
    """See ``service.streaming.request.Reply``.

    Attributes
    ----------
    headers : bytes
        Lines beside the body, once it is encoded.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
        self._axes: list[SessionAxis | None] = []
        self._warnings: dict[int, list[tuple[str, str]]] = {}
        self._errors: dict[int, str] = {}
        self.headers = b""

    def add(self, request: StreamedRequest, part: Part, forecasts: BatchForecasts) -> None:
        """See ``Reply.add``."""
        own = slice(part.at, part.at + len(part.rows))
        numbers = forecasts.numbers(request.model, request.levels, request.horizon).values[own]
        self._parts.append((part.places, forecasts.step.index[own] + 1, numbers))
        places, axes = part.places.tolist(), part.table.axis[part.rows].tolist()
        if len(places) == request.size:
            self._axes = axes
        else:
            self._axes = self._axes or [None] * request.size
            for place, axis in zip(places, axes, strict=True):
                self._axes[place] = axis
        warned = warnings_of(forecasts, request)
        if warned:
            self._warnings.update((place, warned[row]) for row, place in enumerate(places, part.at) if row in warned)

    def fail(self, request: StreamedRequest, place: int, error: ServiceError) -> None:  # noqa: ARG002
        """See ``Reply.fail``."""
        self._errors[place] = f"{error.code}: {error.detail}"

    def encode(self, request: StreamedRequest) -> bytes:
        """See ``Reply.encode``."""
        size, horizon, ids = request.size, request.horizon, request.body.item_ids
        if len(self._parts) == 1 and len(self._parts[0][0]) == size and not self._errors:
            _, starts, numbers = self._parts[0]
        else:
            numbers = np.full((size, 1 + len(request.levels), horizon), np.nan)
            starts = np.zeros(size, dtype=np.int64)
            for places, first, own in self._parts:
                starts[places], numbers[places] = first, own
        errors: list[str | None] = [None] * size
        variables: list[str | None] = [""] * size
        common = self._axes[0]
        if self._axes.count(common) == size:  # of one object a look, of several that are equal a comparison each
            axes = [common and common.times] * size
        else:
            times = {axis: axis and axis.times for axis in set(self._axes)}
            axes = [times[axis] for axis in self._axes]
        steps, columns = starts[:, None] + np.arange(horizon), numbers.transpose(1, 0, 2)
        lengths = np.full(size, horizon)
        if self._errors:  # such a row stands alone
            failed = list(self._errors)
            for place, error in self._errors.items():
                errors[place], variables[place], axes[place] = error, None, None
            lengths[failed], steps[failed], numbers[failed] = 1, 0, np.nan
            kept = np.arange(horizon) < lengths[:, None]
            steps, columns = steps[kept], columns[:, kept]
        warned = collect_warnings((ids[place], own) for place, own in sorted(self._warnings.items()))
        if warned:
            self.headers = b"%s: %s\r\n" % (HEADER.lower().encode(), write_warnings(warned))
        return write_table(
            TableRows(
                item_ids=ids,
                variables=variables,
                errors=errors,
                axes=axes,
                lengths=lengths,
                steps=steps.ravel(),
                numbers=named_numbers(request.levels, columns.reshape(len(columns), -1)),
            ),
            arrow=True,
            metadata=metadata_of(warned),
        )
