"""Bodies of requests, most of them plain."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.service.histories.scenes import MODELS, wave


def mostly(draw: st.DrawFn, usual: list[Any], others: list[Any]) -> Any:
    """One of the usual, now and then one of the others."""
    return draw(st.sampled_from(others if draw(st.integers(0, 11)) == 11 else usual))


@st.composite
def targets(draw: st.DrawFn) -> list[float | None]:
    steps = draw(st.sampled_from([1, 2, 3, 7, 20, 50, 80, 120, 336]))
    values = wave(steps, draw(st.sampled_from([0.0, 12.0, 50.0, -2e4, 1e9])))
    kind = mostly(draw, ["wave", "wave", "constant", "gaps", "sparse", "late"], ["extreme", "none"])
    if kind == "constant":
        values = [5.0] * steps
    elif kind in ("gaps", "sparse"):
        share = 0.2 if kind == "gaps" else 0.9
        gone = np.random.default_rng(draw(st.integers(0, 9))).random(steps) < share
        values = [None if hole else value for value, hole in zip(values, gone, strict=True)]
    elif kind == "late":
        values = [None] * (steps // 2) + values[steps // 2 :]
    elif kind == "extreme":
        values[-1] = draw(st.sampled_from([1e20, -1e30, 3.3e38, 3.5e38, 0.0, -0.0, 1, 2**53 + 1, True, "5"]))
    elif kind == "none":
        values = [None] * steps
    return values


@st.composite
def series(draw: st.DrawFn) -> dict[str, Any]:
    one: dict[str, Any] = {"target": draw(targets())}
    times = mostly(draw, ["both", "both", "freq", "neither", "index"], ["start", "late", "wrong"])
    if times in ("both", "freq", "late"):
        one["freq"] = mostly(draw, ["1h", "h"], ["15min", "1d", "1mo", "MS", "W-SUN", "", "parsec"])
    if times in ("both", "start"):
        zone = draw(st.sampled_from(["Z", "+02:00", ""]))
        one["start"] = draw(st.sampled_from(["2026-01-01T00:00:00", "2026-01-31T07:30:00"])) + zone
    elif times == "late":
        one["start"] = "9999-12-30T00:00:00Z"
    elif times == "wrong":
        one["start"], one["from_index"] = "some day", 5
    elif times == "index":
        one["from_index"] = mostly(draw, [0, 7], [2**60])
    if draw(st.booleans()):
        one["item_id"] = mostly(draw, ["a", "ö", None], ["", "tab\there"])
    if draw(st.integers(0, 4)) == 0:
        one["season"] = mostly(draw, [None, 1, 12, 24], [600, 0])
    return one


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    body: dict[str, Any] = {"series": draw(st.lists(series(), min_size=1, max_size=2))}
    body["model"] = mostly(draw, list(MODELS), ["nobody"])
    for name, usual, others in (
        ("horizon", [1, 3, 12, None], [24, 25, 100]),
        ("quantile_levels", [[0.1, 0.5, 0.9], [0.25], [0.5, 0.1], None], [[0.5, 0.5], [0.001], []]),
        ("timeout_ms", [60_000, None], [10**9, 0]),
    ):
        if draw(st.booleans()):
            body[name] = mostly(draw, usual, others)
    return body
