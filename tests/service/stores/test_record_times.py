"""Records of before there were zones load with the times that they had, and go on by today's calendar.

Without this a restart after an upgrade would move every quarterly session by days.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from service.sessions.time_axis import axis_of
from service.stores.record import Record
from service.stores.record_columns import COLUMNS, from_row, to_row


def record(freq: str | None, offset: int, first: int, last: int) -> Record:
    return Record(
        key="k", model="m", model_name="m@1", freq=freq, offset=offset, variables=("",), static=np.zeros(0, np.float32),
        interval=0.8, first_index=first, last_index=last, count=last - first + 1, tail=np.zeros((1, 0)),
        checksum=0, created_at=0.0, last_used=0.0, expires_at=1.0,
    )  # fmt: skip


def of_before(kept: Record) -> Record:
    """As a row of a release whose records had no zone."""
    row = dict(zip(COLUMNS, to_row(kept), strict=True))
    birth = json.loads(row["birth"])
    del birth["zone"]
    return from_row(tuple((row | {"birth": json.dumps(birth)}).values()))


def since(begin: str, time: str) -> int:
    return int((np.datetime64(time, "s") - np.datetime64(begin, "s")).astype(np.int64))


@pytest.mark.parametrize(
    ("freq", "first", "offset", "following"),
    [
        ("1h", 490_000, 1800, "2025-11-24T17:30:00Z"),
        ("1mo", 672, since("2026-01-01", "2026-01-31"), "2026-02-28T00:00:00Z"),
        ("1mo", 672, since("2026-01-01", "2026-01-15T06:00"), "2026-02-15T06:00:00Z"),
        ("1q", 224, since("2026-01-01", "2026-03-31"), "2026-06-30T00:00:00Z"),
        ("1q", 224, since("2026-01-01", "2026-02-10"), "2026-05-10T00:00:00Z"),
        ("1y", 53, since("2023-01-01", "2023-04-01"), "2024-04-01T00:00:00Z"),
        ("2mo", 336, since("2026-01-01", "2026-02-28"), "2026-04-30T00:00:00Z"),
    ],
)
def test_a_session_of_before_goes_on(freq: str, first: int, offset: int, following: str) -> None:
    found = of_before(record(freq, offset, first, first))
    assert axis_of(found).texts(np.array([first + 1])) == [following]
    assert found.zone == ""


def test_a_zone_is_kept() -> None:
    kept = replace(record("1d", 0, 20_000, 20_001), zone="Europe/Berlin")
    found = from_row(to_row(kept))
    assert (found.zone, found.offset, axis_of(found).zone) == ("Europe/Berlin", 0, "Europe/Berlin")
