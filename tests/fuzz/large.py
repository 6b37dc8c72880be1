"""Bodies as large as the limit allows, each of one kind."""

import gzip
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import zstandard

from tests.tables import arrow_bytes

MIB = 2**20
LIMIT = 64 * MIB
ARROW, CSV, JSON = "application/vnd.apache.arrow.stream", "text/csv", "application/json"


def _filled(head: bytes, part: bytes, end: bytes) -> bytes:
    return head + part * ((LIMIT - len(head) - len(end)) // len(part)) + end


def _arrow(columns: int, compression: str | None) -> bytes:
    values = 7 * MIB if compression is None else 100 * MIB
    rows = values // columns
    table = pa.table({"target": np.ones(rows)} | {f"c{n}": np.zeros(rows) for n in range(columns - 1)})
    return arrow_bytes(table, compression)


LARGE: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "numbers": (JSON, "", lambda: _filled(b'{"series": [{"target": [', b"1234567.1234567,", b"1]}]}")),
    "many numbers": (JSON, "", lambda: _filled(b'{"series": [{"target": [', b"1,", b"1]}]}")),
    "nulls": (JSON, "", lambda: _filled(b'{"series": [{"target": [', b"null            ,", b"1]}]}")),
    "texts": (JSON, "", lambda: _filled(b'{"series": [{"target": [', b'"123456789012345",', b"1]}]}")),
    "lists": (JSON, "", lambda: _filled(b'{"series": [', b"[            ],", b"1]}")),
    "series": (JSON, "", lambda: _filled(b'{"series": [', b'{"target":[1]},', b'{"target": [1]}]}')),
    "ten thousand series": (
        JSON,
        "",
        lambda: b'{"horizon":12,"series":[' + b",".join([b'{"target":[' + b"1.25," * 380 + b"1]}"] * 9_990) + b"]}",
    ),
    "fields": (JSON, "", lambda: _filled(b'{"series": [{"target": [1],', b'"abcdefghijkl": 1,', b'"z": 1}]}')),
    "fields of series": (
        JSON,
        "",
        lambda: _filled(b'{"series": [', b"{" + b",".join(b'"a%d":1' % n for n in range(900)) + b"},", b"{}]}"),
    ),
    "one text": (JSON, "", lambda: _filled(b'{"series": [{"target": [1], "item_id": "', b"x", b'"}]}')),
    "one name": (JSON, "", lambda: _filled(b'{"series": [{"target": [1], "', b"x", b'": 1}]}')),
    "depth": (JSON, "", lambda: _filled(b'{"series": ', b"[", b"")),
    "digits": (JSON, "", lambda: _filled(b'{"series": [{"target": [', b"9", b"]}]}")),
    "numbers beyond double": (JSON, "", lambda: _filled(b'{"series": [{"target": [', b"1e999          ,", b"1]}]}")),
    "levels": (
        JSON,
        "",
        lambda: _filled(b'{"series": [{"target": [1]}], "quantile_levels": [', b"0.5000000000000,", b"0.1]}"),
    ),
    "packed zeros": (JSON, "gzip", lambda: gzip.compress(bytes(1024 * MIB), 1)),
    "packed numbers": (JSON, "zstd", lambda: zstandard.compress(_filled(b'{"series": [{"target": [', b"1,", b"1]}]}"))),
    "rows": (CSV, "", lambda: _filled(b"timestamp,target\n", b"2026-01-01,1\n", b"")),
    "cells": (CSV, "", lambda: _filled(b"target\n", b"1,", b"1\n")),
    "columns": (CSV, "", lambda: _filled(b"target", b",c", b"\n1\n")),
    "quotes": (CSV, "", lambda: _filled(b"target\n", b'"', b"\n")),
    "items": (CSV, "", lambda: b"item_id,target\n" + b"".join(b"i%d,1\n" % n for n in range(5 * MIB))),
    "arrow": (ARROW, "", lambda: _arrow(1, None)),
    "arrow columns": (ARROW, "", lambda: _arrow(900, None)),
    "arrow within zstd": (ARROW, "zstd", lambda: zstandard.compress(_arrow(2, "zstd"))),
}
"""Content type, content encoding and body of each kind."""
