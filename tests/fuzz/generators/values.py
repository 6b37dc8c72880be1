"""Values that stand where something else is expected."""

import math
from random import Random
from typing import Any

TEXTS = (
    "", " ", "a", "007", "NA", "null", "1e3", "\x00", "a\x00b", "\ud800", "x\udfffy", "é", "\u202e", "😀", "../x",
    "a/b", ".", "..", "x" * 300, "y" * 5_000, "%00", "'; DROP TABLE sessions", "\n", "default", "tiny@1",
    "sha256:zz", "tiny@", "2026-01-01T00:00:00Z", "1h",
)  # fmt: skip
FREQS = (
    "1h", "D", "B", "MS", "ME", "QE-MAR", "W-SUN", "1" * 5_000 + "h", "999999999999y", "1000000y", "9998y", "0h", "-1h",
    "1e9s", "h1", "2B", "1ns", "YE-JUN", "１h", "1mo", "100000000d", "1bmo", "", "h" * 1000,
)  # fmt: skip
TIMES: tuple[Any, ...] = (
    "2026-01-01T00:00:00Z", "2026-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59",
    "0000-01-01", "10000-01-01", "2026-02-30", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+99:99", "01.02.2021",
    "20260131", 20260131, 202601, 0, -1, 2**63 - 1, -(2**63), 2**64, 10**400, 1.5, 1e308, "now", "NaT", True,
    "2026-01-01T00:00:00.123456789Z", "1677-01-01", "2262-04-12T00:00:00Z", "2026-03-29T02:30:00", "Jan 2026",
    253402300799,
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 0.5, 24, 24.0, 1e-45, 3.4e38, 3.5e38, 1e39, -1e39, 1e308, 1e400, -1e400, 2**31, 2**53, 2**63 - 1, 
    -(2**63), 2**63, 2**64, 10**399, -0.0, 5e-324, 1e9 + 0.25, 1200000020,
)  # fmt: skip


def number(draw: Random) -> Any:
    """A number, mostly a plain one."""
    return round(draw.gauss(50, 10), 3) if draw.random() < 0.7 else draw.choice(NUMBERS)


def target(draw: Random) -> list[Any]:
    """Values of a series, some of them missing or extreme."""
    length = draw.choice((0, 1, 1, 2, 3, 10, 40, 40, 200, 2000))
    kind = draw.random()
    if kind < 0.6:
        return [None if draw.random() < 0.05 else round(50 + 5 * math.sin(n / 3), 2) for n in range(length)]
    if kind < 0.7:
        return [None] * length
    if kind < 0.8:
        return [draw.choice((0, 3.4e38, -3.4e38, 1e-45))] * length
    return [number(draw) for _ in range(length)]


def anything(draw: Random, depth: int = 0) -> Any:
    """Any JSON value."""
    kind = draw.randrange(9 if depth < 4 else 6)
    if kind == 0:
        return draw.choice((None, True, False))
    if kind < 3:
        return draw.choice(NUMBERS)
    if kind < 5:
        return draw.choice(TEXTS)
    if kind == 5:
        return draw.choice((TIMES, FREQS))[draw.randrange(20)]
    if kind == 6:
        return [anything(draw, depth + 1) for _ in range(draw.choice((0, 1, 2, 50)))]
    if kind == 7:
        return {draw.choice(TEXTS): anything(draw, depth + 1) for _ in range(draw.choice((0, 1, 3)))}
    return target(draw)
