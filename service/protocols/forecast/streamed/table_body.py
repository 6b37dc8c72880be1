"""Arrow tables of streamed observations: one row per session, told apart from all other tables."""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from service.codecs.arrow_stream import read_stream
from service.codecs.field_types import identifier_fault
from service.errors import ServiceError
from service.models.terms import Options
from service.protocols.forecast.histories.options import LARGEST
from service.settings import Settings
from service.streaming.body import StreamedBody

COLUMNS = frozenset({"item_id", "timestamp", "target", "session"})
UNPACKED_BYTES = 2**20
"""Bytes that the buffers of a table may unpack to."""
_LONGEST = 4 * 256
"""Bytes of an identifier that may be right."""
_WHOLE = re.compile(r"[1-9][0-9]{0,5}")
_LEVEL = re.compile(r"0\.[0-9]{1,12}")
PARAMETERS = frozenset({"model", "horizon", "quantile_levels", "timeout_ms", "freq", "open"})


def read_arrow(body: bytes, query: bytes, settings: Settings) -> StreamedBody | None:
    """Read a table if it is plainly one new observation of each of some sessions; see ``json_body.read_json``.

    Parameters
    ----------
    body : bytes
        An Arrow stream, not compressed.
    query : bytes
        The query string.
    settings : Settings
        Limits.

    Returns
    -------
    StreamedBody or None
        None for everything else.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) < len(pairs) or not PARAMETERS.issuperset(parameters):
        return None
    try:
        # This is read on the loop: what unpacks to more, or is more than could wait, goes the general way.
        table = read_stream(body, UNPACKED_BYTES, len(COLUMNS) * settings.queue_rows, len(COLUMNS))
        names = table.column_names
    except (ServiceError, UnicodeDecodeError):
        return None
    if len(set(names)) < len(names) or not {"session", "target"} <= set(names) <= COLUMNS or not table.num_rows:
        return None
    sessions, item_ids = _texts(table, "session"), _texts(table, "item_id")
    values, starts = _values(table), _times(table)
    if sessions is None or values is None or starts is None or (item_ids is None and "item_id" in names):
        return None
    # Rows of one item are one series: a second one of the same is not a series of its own.
    if item_ids is None and len(sessions) > 1:
        return None
    count = len(sessions)
    freqs: list[str | None] = [parameters.get("freq") or None] * count
    named: list[str | None] = [None] * count if item_ids is None else list(item_ids)
    found = StreamedBody(list(sessions), values, starts, freqs, [None] * count, named)
    return _with_parameters(found, parameters)


def _with_parameters(found: StreamedBody, parameters: Mapping[str, str]) -> StreamedBody | None:
    numbers = [parameters.get(name, "1") for name in ("horizon", "timeout_ms")]
    levels = parameters.get("quantile_levels", "0.5").split(",")
    plain = all(_WHOLE.fullmatch(text) for text in numbers) and all(_LEVEL.fullmatch(text) for text in levels)
    if not plain or parameters.get("open", "false") != "false" or len(set(levels)) < len(levels) or len(levels) > 64:
        return None
    found.options = Options(
        parameters.get("model") or None,
        int(numbers[0]) if "horizon" in parameters else None,
        tuple(map(float, levels)) if "quantile_levels" in parameters else None,
        int(numbers[1]) if "timeout_ms" in parameters else None,
    )
    return found


def _texts(table: pa.Table, name: str) -> tuple[str, ...] | None:
    """Give the ids of a column; None where one is missing, is none, or stands there twice."""
    if name not in table.column_names:
        return None
    column = table[name]
    coded = pa.types.is_dictionary(column.type)
    kind = column.type.value_type if coded else column.type
    if column.null_count or not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return None
    if coded:
        # One long text may stand in every row: its length is looked at before it is copied there.
        if any((pc.max(pc.binary_length(part.dictionary)).as_py() or 0) > _LONGEST for part in column.chunks):
            return None
        column = column.cast(kind)
    column = column.combine_chunks()
    if column.null_count:
        return None
    _, offsets, texts = pa.concat_arrays([column]).buffers() if column.offset else column.buffers()
    return _ids(str(kind), len(column), offsets.to_pybytes(), texts.to_pybytes() if texts else b"")


@lru_cache(maxsize=16)
def _ids(kind: str, count: int, offsets: bytes, texts: bytes) -> tuple[str, ...] | None:
    """Whoever streams tables sends the same ids in the same order again and again."""
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(texts)]
    found = tuple(pa.Array.from_buffers(pa.type_for_alias(kind), count, buffers).to_pylist())
    if len(set(found)) < len(found) or any(not text or identifier_fault(text) for text in found):
        return None
    return found


def _values(table: pa.Table) -> NDArray[np.float64] | None:
    column = table["target"]
    if column.null_count or not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return None
    values: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy() + 0.0
    return values if bool((np.abs(values) < LARGEST).all()) else None


def _times(table: pa.Table) -> list[str | None] | None:
    """Times as RFC 3339, which are compared with those of the sessions' next steps."""
    if "timestamp" not in table.column_names:
        return [None] * int(table.num_rows)
    column = table["timestamp"]
    if column.null_count or not pa.types.is_timestamp(column.type) or column.type.tz not in (None, "UTC", "+00:00"):
        return None
    stamps = column.to_numpy()
    seconds = stamps.astype("datetime64[s]")
    if (seconds != stamps).any():
        return None
    if (seconds == seconds[0]).all():
        return [f"{seconds[0]}Z"] * len(seconds)
    return [f"{text}Z" for text in np.datetime_as_string(seconds, unit="s").tolist()]
