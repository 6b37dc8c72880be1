"""Forecasts of a batch as pieces of JSON, in the order of their rows, with gaps for what each request calls them."""

import re
from functools import lru_cache
from typing import Any

import orjson

from service.protocols.forecast.streamed.warnings import warnings_of
from service.resident.axis import SessionAxis
from service.serving.views import instant, session_fields
from service.stores.digest import text_of
from service.streaming.forecasts import BatchForecasts
from service.streaming.request import StreamedRequest

ITEM_ID, SESSION = 1, -10
"""Places of the gaps for a row's item and for its session's id, among its pieces."""

_GAP = "\0"
_GAPS = re.compile(rb'"\\u0000"|\\u0000')


def json_rows(forecasts: BatchForecasts, request: StreamedRequest) -> tuple[list[bytes], int]:
    """Write the forecasts of a batch.

    Parameters
    ----------
    forecasts : BatchForecasts
        Of B sessions.
    request : StreamedRequest
        One of the batch; those of its levels and horizon share what is given.

    Returns
    -------
    list of bytes
        The pieces of all rows: what is the same for many, and a gap between any two of them. The first of a row begins
        with a comma; the gaps for item and session are empty.
    int
        Pieces per row.
    """
    table, step, levels, horizon = forecasts.table, forecasts.step, request.levels, request.horizon
    axes, index, ends = table.axis[step.rows].tolist(), step.index.tolist(), step.expires_at.tolist()
    timed = [axis.freq is not None for axis in axes]
    kinds = list(zip(axes, [last if own else 0 for last, own in zip(index, timed, strict=True)], ends, strict=True))
    season = None if request.model.longest_season is None else table.config.season
    known = {kind: _template(*kind, levels, season, []) for kind in set(kinds)}
    templates = [known[kind] for kind in kinds]
    for row, warnings in warnings_of(forecasts, request).items():
        templates[row] = _template(*kinds[row], levels, season, warnings)
    width, rows = 2 * len(templates[0]) - 1, len(axes)
    pieces = [b""] * (width * rows)
    for place, column in enumerate(zip(*templates, strict=True)):
        pieces[2 * place :: width] = column
    series = 1 + len(levels)
    numbers = forecasts.numbers(request.model, levels, horizon).values.reshape(rows * series, horizon)
    written = orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[2:-2].split(b"],[")
    for place in range(series):
        pieces[ITEM_ID + 2 + 2 * place :: width] = written[place::series]
    pieces[width - 8 :: width] = orjson.dumps(step.count.tolist())[1:-1].split(b",")
    pieces[width - 6 :: width] = [b"null" if own else b"%d" % last for last, own in zip(index, timed, strict=True)]
    digits = step.digest.tobytes().hex().encode()
    pieces[width - 4 :: width] = [digits[place : place + 64] for place in range(0, len(digits), 64)]
    pieces[width - 2 :: width] = orjson.dumps(forecasts.surprise, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    return pieces, width


def _template(
    axis: SessionAxis,
    last: int,
    expires_at: float,
    levels: tuple[float, ...],
    season: int | None,
    warned: list[tuple[str, str]],
) -> list[bytes]:
    """What stands around the gaps: item, mean, quantiles, id, count, index, digest and surprise."""
    forecast: dict[str, Any] = {"item_id": _GAP, "start": axis.text(last + 1), "freq": axis.freq}
    if season is not None:
        forecast["season"] = season
    forecast["mean"] = [_GAP]
    forecast["quantiles"] = {name: [_GAP] for name in _names(levels)}
    fields = session_fields(
        _GAP, 0, 0, axis.text(last), text_of(b"") + _GAP, _instant(expires_at), 1, 0, opened=False,
        surprise=[_GAP],
    )  # fmt: skip
    forecast["session"] = fields | {"count": _GAP, "last_index": _GAP}
    forecast["warnings"] = [{"code": code, "detail": detail} for code, detail in warned]
    forecast["error"] = None
    return _GAPS.split(b"," + orjson.dumps(forecast))


@lru_cache(maxsize=256)
def _names(levels: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(map(repr, levels))


_instant = lru_cache(maxsize=256)(instant)  # one for all sessions of a batch
