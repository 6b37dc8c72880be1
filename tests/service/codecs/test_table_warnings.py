"""Warnings reach clients of tables too: within what a header may hold, each once, and counted.

Without this a CSV of forecasts from filled gaps looks like one from whole data.
"""

import json

from service.codecs.table_warnings import MAX_HEADER, collect_warnings, metadata_of, write_warnings


def test_each_warning_once_with_how_many_items_have_it() -> None:
    found = collect_warnings([("a", [("gap_filled", "2 steps")]), ("b", [("gap_filled", "2 steps"), ("x", "y")])])
    assert found == [
        {"code": "gap_filled", "detail": "2 steps", "item_id": "a", "items": 2},
        {"code": "x", "detail": "y", "item_id": "b", "items": 1},
    ]
    assert json.loads(write_warnings(found)) == {"count": 2, "warnings": found}
    assert metadata_of([]) == {} and list(metadata_of(found)) == [b"Statecast-Warnings"]


def test_a_header_is_short_and_plain() -> None:
    many = collect_warnings((f"Ä {n} 😀", [("gap_filled", f"{n} steps\r\n" + "ß" * 900)]) for n in range(100))
    header = write_warnings(many)
    assert len(header) <= MAX_HEADER and header.isascii() and b"\n" not in header
    read = json.loads(header)
    assert read["count"] == 100 and 0 < len(read["warnings"]) < 100
    assert read["warnings"][0]["item_id"] == "Ä 0 😀"
    assert len(json.loads(metadata_of(many)[b"Statecast-Warnings"])["warnings"]) == 100
