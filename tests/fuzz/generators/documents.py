"""JSON bodies: right ones with a few things wrong, then as bytes with a few bytes wrong."""

import json
from random import Random
from typing import Any

from tests.fuzz.generators.values import FREQS, NUMBERS, TEXTS, TIMES, anything, number, target

Document = dict[str, Any]
SESSIONS = tuple(f"s{n}" for n in range(12))


def forecast(draw: Random) -> Document:
    """A body of ``POST /forecast``."""
    many = draw.choice((1, 1, 1, 1, 2, 5, 30, 0))
    usual = draw.random() < 0.4
    body: Document = {"series": [plain(draw) if usual or draw.random() < 0.4 else series(draw) for _ in range(many)]}
    for name, make in _FORECAST.items():
        if draw.random() < 0.12:
            body[name] = make(draw)
    return broken(draw, body)


def passes(draw: Random, path: str) -> Document:
    """A body of ``POST /backtest`` or of ``POST /anomalies``."""
    body: Document = {"series": []}
    for _ in range(draw.choice((1, 1, 1, 2, 5, 30, 0))):
        one = (plain if draw.random() < 0.6 else series)(draw)
        if draw.random() < 0.95:
            one = {name: value for name, value in one.items() if name not in ("session", "open")}
        body["series"].append(one)
    for name, make in _PASSES.items():
        if draw.random() < (0.3 if (name == "level") == (path == "/anomalies") else 0.02):
            body[name] = make(draw)
    for name in ("model", "missing", "timeout_ms", "timezone", "timestamp_unit"):
        if draw.random() < 0.08:
            body[name] = _FORECAST[name](draw)
    return broken(draw, body)


def paths(draw: Random) -> Document:
    """A body of ``POST /generate`` with series."""
    body: Document = {"series": [draw.choice((plain, series))(draw) for _ in range(draw.choice((1, 1, 2)))]}
    body |= {
        "num_samples": draw.choice((1, 2, 20, 20, 10**6, 0, 1.5)),
        "horizon": draw.choice((1, 3, 12, 10**4, 10**9)),
    }
    body |= {"return": draw.choice((["samples"], ["quantiles"], ["samples", "quantiles"], [], "samples", ["x"]))}
    for name in ("seed", "temperature", "stream", "quantile_levels"):
        if draw.random() < 0.3:
            body[name] = draw.choice((0, 1, 7, True, 0.5, [0.5], 2**63 - 1, 2**64, -1, 1e400))
    return broken(draw, body)


def text(draw: Random) -> Document:
    """A body of ``POST /generate`` with a prompt, or of ``POST /v1/completions``."""
    body: Document = {
        "model": draw.choice(("letters", "letters", "tiny", "x")),
        "prompt": draw.choice(("ab", "", *TEXTS)),
    }
    for name in (
        "max_tokens",
        "n",
        "top_k",
        "top_p",
        "temperature",
        "seed",
        "stop",
        "stream",
        "session",
        "best_of",
        "user",
    ):
        if draw.random() < 0.25:
            body[name] = draw.choice((1, 2, 5, 0.5, -1, True, ["a"], ["a"] * 100, "b", "", 10**9, 2**70, None))
    return broken(draw, body)


def inputs(draw: Random) -> Document:
    """A body of ``POST /classify``."""
    body: Document = {"model": draw.choice(("reviews", "wrist", "wrist", "tiny", "x")), "inputs": []}
    for _ in range(draw.choice((1, 1, 2, 30, 0))):
        one: Document = {draw.choice(("text", "text", "target")): draw.choice(("good movie", *TEXTS))}
        if draw.random() < 0.6:
            steps = draw.choice((0, 1, 3, 70, 1500))
            channels = draw.choice((("x", "y"), ("x", "y"), ("x",), ("x", "y", "z")))
            one = {"target": {name: [number(draw) for _ in range(steps)] for name in channels}}
        for name in ("session", "open", "from_index"):
            if draw.random() < 0.4:
                one[name] = _SERIES[name](draw)
        body["inputs"].append(one)
    if draw.random() < 0.1:
        body["timeout_ms"] = draw.choice((1, 500, *NUMBERS))
    return broken(draw, body)


def series(draw: Random) -> Document:
    """One series."""
    one: Document = {"target": target(draw)}
    if draw.random() < 0.1:
        one["target"] = {draw.choice((*TEXTS, "a", "b")): target(draw) for _ in range(draw.choice((1, 2, 3, 40)))}
    steps = len(one["target"])
    for name, make in _SERIES.items():
        if draw.random() < 0.2:
            one[name] = make(draw)
    if draw.random() < 0.1:
        one["timestamps"] = [f"2026-01-{1 + n % 31:02d}T{n % 24:02d}:00:00Z" for n in range(steps)]
    if draw.random() < 0.1:
        one["timestamps"] = [draw.choice(TIMES) for _ in range(draw.choice((steps, 1, 3)))]
    return one


def plain(draw: Random) -> Document:
    """A series as clients send it, some in a session that goes on."""
    one: Document = {"target": [round(50 + draw.random(), 2) for _ in range(draw.choice((1, 1, 3, 60)))]}
    if draw.random() < 0.6:
        one["session"] = draw.choice(SESSIONS)
    elif draw.random() < 0.5:
        one |= {"start": "2026-01-01T00:00:00Z", "freq": "1h"}
    return one


_SERIES: dict[str, Any] = {
    "item_id": lambda draw: draw.choice(TEXTS),
    "session": lambda draw: draw.choice((*SESSIONS, *SESSIONS, *TEXTS)),
    "open": lambda draw: draw.choice((True, False, None, 1)),
    "start": lambda draw: draw.choice((*TIMES[:2], *TIMES[:2], *TIMES)),
    "freq": lambda draw: draw.choice(("1h", "1h", *FREQS)),
    "season": lambda draw: draw.choice((1, 24, *NUMBERS)),
    "from_index": lambda draw: draw.choice((0, 5, 2**53 - 1, *NUMBERS)),
    "past_covariates": lambda draw: {draw.choice(("wind", *TEXTS)): target(draw)},
    "future_covariates": lambda draw: {draw.choice(("temp", *TEXTS)): target(draw)},
    "static_covariates": lambda draw: {draw.choice(("site", *TEXTS)): anything(draw, 3)},
    "resolutions": lambda draw: {draw.choice(FREQS): {"start": draw.choice(TIMES), "target": target(draw)}},
}
_PASSES: dict[str, Any] = {
    "level": lambda draw: draw.choice((80, 99, 99.9, 100, *NUMBERS)),
    "horizon": lambda draw: draw.choice((1, 1, 3, 12, 48, 1000, *NUMBERS)),
    "cutoffs": lambda draw: draw.choice((1, 2, 5, 40, 1000, 10**6, *NUMBERS)),
    "step": lambda draw: draw.choice((1, 1, 2, 7, 1000, *NUMBERS)),
    "metrics": lambda draw: draw.choice((["mase"], ["wql", "coverage", "mae"], ["x"], [], ["mase"] * 50, "mase")),
    "return": lambda draw: draw.choice((["metrics"], ["forecasts"], ["metrics", "forecasts"], [], ["x"], "forecasts")),
    "quantile_levels": lambda draw: draw.choice(([0.5], [0.9, 0.1], [0.5, 0.5], [], [0, 1], [0.3, 0.31])),
    "bounds": lambda draw: {name: number(draw) for name in draw.choice((("lower",), ("upper",), ("lower", "upper")))},
}
_FORECAST: dict[str, Any] = {
    "model": lambda draw: draw.choice(("tiny", "default", *TEXTS)),
    "horizon": lambda draw: draw.choice((1, 12, 48, 1000, 10**6, *NUMBERS)),
    "quantile_levels": lambda draw: draw.choice(
        (
            [0.1, 0.5, 0.9],
            [0.5],
            [],
            [0.5, 0.5],
            [0, 1],
            [n / 30_001 for n in range(3_000, draw.choice((3_100, 27_000)))],
        )
    ),
    "missing": lambda draw: draw.choice(("mask", "ffill", "linear", "error", "x")),
    "include": lambda draw: draw.choice((["baseline"], ["attention"], ["baseline", "attention"], ["x"], "baseline")),
    "timeout_ms": lambda draw: draw.choice((1, 500, *NUMBERS)),
    "timezone": lambda draw: draw.choice(("Europe/Berlin", "+02:00", "../etc", "x", "Africa/Casablanca", *TEXTS)),
    "timestamp_unit": lambda draw: draw.choice(("s", "ms", "us")),
    "dayfirst": lambda draw: draw.choice((True, False, 1)),
}


def broken(draw: Random, body: Document) -> Document:
    """Put something else in a few places."""
    for _ in range(draw.choice((0, 0, 0, 1, 1, 2))):
        place: Any = body
        while isinstance(place, (dict, list)) and place and draw.random() < 0.7:
            key = draw.choice(list(place)) if isinstance(place, dict) else draw.randrange(len(place))
            if not isinstance(place[key], (dict, list)) or draw.random() < 0.4:
                place[key] = anything(draw)
                break
            place = place[key]
        if isinstance(place, dict) and draw.random() < 0.3:
            names = draw.choice((1, 1, 3, 900, 2_000))
            place |= {f"{draw.choice(TEXTS)[:20]}{n}": number(draw) for n in range(names)}
    return body


def written(draw: Random, body: Document) -> bytes:
    """Write a document; numbers beyond double as they stand, some bytes changed."""
    data = json.dumps(body, ensure_ascii=draw.random() < 0.8).encode("utf-8", "surrogatepass")
    if draw.random() < 0.95:
        data = data.replace(b"Infinity", b"1e999")
    if draw.random() < 0.02:
        data = data.replace(b'"target"', b'"target":[1],"target"')
    return damaged(draw, data) if draw.random() < 0.15 else data


def damaged(draw: Random, data: bytes) -> bytes:
    """Change, cut or repeat a few bytes."""
    kept = bytearray(data)
    for _ in range(draw.choice((1, 1, 3, 20))):
        place = draw.randrange(len(kept) + 1)
        kind = draw.randrange(4)
        if kind == 0 and place < len(kept):
            kept[place] = draw.randrange(256)
        elif kind == 1:
            del kept[place : place + draw.choice((1, 10, 10**6))]
        elif kind == 2:
            kept[place:place] = draw.choice((b"[" * 2000, b"{", b"\\ud800", b"\x00", b"1" * 400, b"\xff", b'"', b","))
        else:
            kept[place:place] = kept[place : place + draw.choice((1, 50))]
    return bytes(kept)
