"""Arrow streams within limits: what their batches will take is read off their metadata before anything is unpacked.

A compressed buffer says in its first eight bytes how long it will be, and a column of nulls has no buffers at all, so
that a stream of a hundred bytes can ask for gigabytes. Arrow's own reader believes it.
"""

import struct
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from service.errors import Malformed, TooLarge

_SCHEMA, _DICTIONARY, _RECORDS = 1, 2, 3  # of MessageHeader in Arrow's Message.fbs
MAX_BATCHES = 10_000
"""Batches in one stream; each costs more than its rows once they are this many."""


def read_stream(body: bytes, max_bytes: int, max_values: int, max_columns: int) -> pa.Table:
    """Read an Arrow IPC stream.

    Parameters
    ----------
    body : bytes
        The stream, as it was received.
    max_bytes : int
        Bytes that its buffers may unpack to.
    max_values : int
        Rows times columns allowed.
    max_columns : int
        Columns allowed.

    Returns
    -------
    pyarrow.Table
        Every value validated.

    Raises
    ------
    Malformed
        If the body is none, or cut off.
    TooLarge
        If it is over a limit.
    """
    try:
        _measure(body, max_bytes, max_values, max_columns)
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except MemoryError:
        raise TooLarge("body: the Arrow stream unpacks to more than the memory; send fewer rows at a time") from None
    except (pa.ArrowException, OSError, ValueError, KeyError, struct.error, IndexError, OverflowError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise Malformed(f"body: expected an Arrow IPC stream, {reason}; write it with new_stream") from None
    return table


def _measure(body: bytes, max_bytes: int, max_values: int, max_columns: int) -> None:
    """Sum what all batches will hold."""
    batches = size = values = 0
    columns = 1
    reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        metadata = message.metadata.to_pybytes()
        header = _Flat.root(metadata)
        kind = header.number(1, "<B")
        if kind == _SCHEMA:
            named = header.table(2).count(1)
            if named > max_columns:
                raise TooLarge(f"body: expected at most {max_columns} columns, got {named}; send several requests")
            columns = max(1, named - 1)
            continue
        if kind not in (_RECORDS, _DICTIONARY):
            raise ValueError(f"a message of kind {kind}")
        batch = header.table(2)
        batch = batch.table(1) if kind == _DICTIONARY else batch
        batches += 1
        rows = batch.number(0, "<q")
        if rows < 0:
            raise ValueError(f"a batch of {rows} rows")
        values += rows * (columns if kind == _RECORDS else 1)
        size += _unpacked(batch, message.body)
        if batches > MAX_BATCHES:
            raise TooLarge(f"body: expected at most {MAX_BATCHES} batches, got more; write fewer, larger ones")
        if values > max_values:
            raise TooLarge(f"body: expected at most {max_values} values, got more; send fewer rows at a time")
        if size > max_bytes:
            raise TooLarge(
                f"body: expected at most {max_bytes} bytes after decompression, got an Arrow stream that unpacks to "
                "more; send fewer rows at a time"
            )


def _unpacked(batch: "_Flat", body: pa.Buffer) -> int:
    """Bytes of a batch's buffers once they are unpacked."""
    places = batch.pairs(2)
    if not batch.has(3):
        return int(np.clip(places[:, 1], 0, None).sum())
    octets = np.frombuffer(body, dtype=np.uint8)
    packed = places[places[:, 1] > 0]
    if not len(packed):
        return 0
    if packed[:, 0].min() < 0 or packed[:, 0].max() + 8 > len(octets):
        raise ValueError("a buffer beyond its batch")
    declared = octets[packed[:, :1] + np.arange(8)].copy().view("<i8")[:, 0]
    lengths = np.where(declared == -1, packed[:, 1], declared)
    if lengths.min() < 0:
        raise ValueError(f"a buffer of {lengths.min()} bytes")
    return sum(lengths.tolist())


@dataclass(frozen=True)
class _Flat:
    """A table of a flatbuffer: https://flatbuffers.dev/internals."""

    octets: bytes
    begin: int

    @classmethod
    def root(cls, octets: bytes) -> "_Flat":
        return cls(octets, int(struct.unpack_from("<I", octets, 0)[0]))

    def has(self, field: int) -> bool:
        return self._place(field) is not None

    def number(self, field: int, form: str) -> int:
        place = self._place(field)
        return 0 if place is None else int(struct.unpack_from(form, self.octets, place)[0])

    def table(self, field: int) -> "_Flat":
        return _Flat(self.octets, self._target(field))

    def count(self, field: int) -> int:
        """Length of a vector."""
        return int(struct.unpack_from("<I", self.octets, self._target(field))[0]) if self.has(field) else 0

    def pairs(self, field: int) -> NDArray[np.int64]:
        """Structs of two 64-bit numbers."""
        if not self.has(field):
            return np.zeros((0, 2), dtype=np.int64)
        begin = self._target(field)
        return np.frombuffer(self.octets, dtype="<i8", count=2 * self.count(field), offset=begin + 4).reshape(-1, 2)

    def _target(self, field: int) -> int:
        place = self._place(field)
        if place is None:
            raise ValueError("metadata without a header")
        return place + int(struct.unpack_from("<I", self.octets, place)[0])

    def _place(self, field: int) -> int | None:
        fields = self.begin - int(struct.unpack_from("<i", self.octets, self.begin)[0])
        if fields < 0:
            raise ValueError("metadata that points outside itself")
        length = struct.unpack_from("<H", self.octets, fields)[0]
        if 4 + 2 * field >= length:
            return None
        offset = struct.unpack_from("<H", self.octets, fields + 4 + 2 * field)[0]
        return self.begin + int(offset) if offset else None
