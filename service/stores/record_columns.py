"""A session's record as a row of plain columns, for stores that keep tables."""

import json
import struct
from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
import orjson

from service.stores.record import Doubles, PendingForecast, Record, Request, Scores
from service.stores.states.anchor import Anchor
from service.stores.states.packed import (
    pack_forecast,
    pack_state,
    pack_values,
    unpack_forecast,
    unpack_state,
    unpack_values,
)
from statecast.time.frequency import Frequency
from statecast.time.offsets import common_offset

COLUMNS = (
    "key", "birth", "last_clock", "count", "tail", "checksum", "request_begin", "request_end", "request_crc",
    "issued_start", "issued", "scores", "digest", "last_used", "expires_at", "dropped", "owner", "name", "anchor",
)  # fmt: skip
"""Names of what ``to_row`` gives, in order."""

_FIRST_SCORES = struct.Struct("<qqqd")
"""Where a session's birth names no metrics: observations scored, inside, with a scaled error; the sum of these."""


def to_row(record: Record, *, packed: bool = False) -> tuple[Any, ...]:
    """Take a record apart into plain columns: arrays as little-endian bytes, what never changes as one JSON text.

    Parameters
    ----------
    record : Record
        One session.
    packed : bool
        Whether values, forecasts and states take fewer bytes, see ``service.stores.states.packed``.

    Returns
    -------
    tuple
        One value per name in ``COLUMNS``.
    """
    tail = record.tail
    if record.given_tail.shape[1]:
        tail = np.concatenate([tail, *record.given_tail.transpose(1, 0, 2)])
    request, issued, scores = record.request, record.issued, record.scores
    return (
        record.key,
        _birth(record, packed),
        record.last_index,
        record.count,
        pack_values(tail) if packed else tail.astype("<f8", copy=False).tobytes(),
        record.checksum,
        request.begin if request else None,
        request.end if request else None,
        request.crc if request else None,
        issued.start if issued else None,
        _pack(issued, np.array(record.level) if packed else None) if issued else None,
        b"".join(state.astype("<f8", copy=False).tobytes() for state in scores.values()),
        record.digest,
        record.last_used,
        record.expires_at,
        int(record.dropped),
        record.owner,
        record.name,
        None if record.anchor is None else pack_state(record.anchor.state) if packed else record.anchor.state,
    )


def _birth(record: Record, packed: bool) -> str:
    """What of a record hardly ever changes, as one JSON text; floats are read back to the bit."""
    fields = {
        "model": record.model,
        "model_name": record.model_name,
        "freq": record.freq,
        "offset": record.offset,
        "variables": record.variables,
        "static": record.static.astype(np.float32, copy=False).tolist(),
        "interval": record.interval,
        "first_clock": record.first_index,
        "created_at": record.created_at,
        "state_bytes": record.state_bytes,
        "kind": record.kind,
        "given": record.given_tail.shape[1],
        "season": record.season,
        "metrics": {name: len(state) for name, state in record.scores.items()},
        "zone": record.zone,
        "single_until": record.single_until,
        "level": record.level,
        "below_zero": record.below_zero,
        "anchor": record.anchor and record.anchor[:-1],
        "packed": packed,
        **({"covariates": record.covariates} if record.covariates else {}),
    }
    # NaN is none of orjson's numbers. Kept texts would be quicker still, but of thousands of sessions that are over.
    missing = any(map(isnan, record.level + (record.anchor.level if record.anchor else ())))
    return json.dumps(fields) if missing else orjson.dumps(fields).decode()


def from_row(row: tuple[Any, ...], changed: Mapping[str, Any] | None = None) -> Record:
    """Give back the record that ``to_row`` took apart.

    Parameters
    ----------
    row : tuple
        One value per name in ``COLUMNS``, of any release.
    changed : mapping or None
        What of the ``birth`` is otherwise by now.

    Returns
    -------
    Record
        The session.
    """
    values = dict(zip(COLUMNS, row, strict=False))  # earlier releases had fewer
    birth = json.loads(values["birth"]) | (changed or {})
    rows, given = len(birth["variables"]), birth.get("given", 0)
    # Earlier releases kept float32, and know of no more than that.
    kind = "<f8" if "single_until" in birth else "<f4"
    packed = birth.get("packed", False)
    level = tuple(birth.get("level", (0.0,) * rows))
    tails = unpack_values(values["tail"]) if packed else _array(values["tail"], 1, kind)
    tails = tails.reshape(rows * (1 + given), -1)
    return Record(
        key=values["key"],
        model=birth["model"],
        model_name=birth["model_name"],
        freq=birth["freq"],
        offset=birth["offset"] if "zone" in birth else _offset_of_before(birth),
        variables=tuple(birth["variables"]),
        static=np.asarray(birth["static"], dtype=np.float32),
        interval=birth["interval"],
        first_index=birth["first_clock"],
        created_at=birth["created_at"],
        state_bytes=birth["state_bytes"],
        last_index=values["last_clock"],
        count=values["count"],
        tail=tails[:rows],
        given_tail=tails[rows:].reshape(given, rows, tails.shape[1]).transpose(1, 0, 2),
        checksum=values["checksum"],
        request=None
        if values["request_begin"] is None
        else Request(values["request_begin"], values["request_end"], values["request_crc"]),
        issued=None
        if values["issued"] is None
        else _unpack(values["issued_start"], values["issued"], rows, kind, np.array(level) if packed else None),
        scores=_unpack_scores(birth.get("metrics"), values["scores"]),
        digest=values["digest"],
        last_used=values["last_used"],
        expires_at=values["expires_at"],
        dropped=bool(values["dropped"]),
        owner=values.get("owner") or "",  # earlier releases kept neither
        name=values.get("name") or "",
        kind=birth.get("kind", "forecaster"),  # sessions of the first release have none
        season=birth.get("season"),
        zone=birth.get("zone", ""),
        single_until=birth.get("single_until", values["last_clock"]),
        level=level,
        anchor=_anchor(birth.get("anchor"), values.get("anchor")),
        covariates=birth.get("covariates", ""),
        below_zero=tuple(birth["below_zero"] if "below_zero" in birth else _below_zero_of_before(values, birth, tails)),
    )


def _anchor(kept: list[Any] | None, state: bytes | None) -> Anchor | None:
    """The earlier state, of which what is small lies in the birth: where an earlier release wrote that, it is void."""
    return (
        None
        if kept is None
        else Anchor(kept[0], kept[1], tuple(kept[2]), tuple(kept[3]), unpack_state(bytes(state or b"")))
    )


def _below_zero_of_before(values: Mapping[str, Any], birth: Mapping[str, Any], tails: Doubles) -> list[bool]:
    """Whether values were below 0 in a session of before that was kept: where its tail is not all of it, they may."""
    rows, whole = tails[: len(birth["variables"])], tails.shape[1] > values["last_clock"] - birth["first_clock"]
    return [not whole or bool((row < 0).any()) for row in rows]


def _offset_of_before(birth: dict[str, Any]) -> int:
    """Offset of a session that was opened before records had a zone; then it was in seconds since the step began."""
    offset = int(birth["offset"])
    frequency = None if birth["freq"] is None else Frequency.parse(birth["freq"])
    if frequency is None or frequency.months in (None, 1) or not offset:
        return offset
    begin = frequency.times(np.array([birth["first_clock"]])).astype(np.int64)
    return common_offset(frequency, (begin + offset).astype("datetime64[s]"))[1]


def _pack(issued: PendingForecast, level: Doubles | None) -> bytes:
    """Columns of medians, lows, highs and scale; packed, where a level is given, the scale before the others."""
    rows, steps = issued.quantiles.shape[:2]
    table = np.empty((rows, 3 * steps + 1), dtype="<f8")
    for place, column in enumerate((1, 0, 2)):
        table[:, place * steps : (place + 1) * steps] = issued.quantiles[..., column]
    table[:, -1] = issued.scale
    if level is None:
        return table.tobytes()
    return issued.scale.astype("<f8", copy=False).tobytes() + pack_forecast(table[:, :-1], np.broadcast_to(level, rows))


def _unpack(start: int, data: bytes, rows: int, kind: str, level: Doubles | None) -> PendingForecast:
    if level is None:
        table = _array(data, rows, kind)
        forecasts, scale = table[:, :-1], table[:, -1]
    else:
        forecasts, scale = (
            unpack_forecast(data[8 * rows :], np.broadcast_to(level, rows)),
            _array(data[: 8 * rows], 1, "<f8")[0],
        )
    median, low, high = np.split(forecasts, 3, axis=1)
    return PendingForecast(start, np.stack([low, median, high], axis=-1), scale)


def _unpack_scores(sizes: Mapping[str, int] | None, data: bytes) -> Scores:
    if sizes is None:
        scored, inside, scaled, error = _FIRST_SCORES.unpack(data)
        return {"mase": np.array([error, scaled]), "coverage": np.array([inside, scored], dtype=np.float64)}
    ends = np.cumsum(list(sizes.values()), dtype=np.int64)[:-1]
    return dict(zip(sizes, np.split(np.frombuffer(data, dtype="<f8"), ends), strict=True)) if sizes else {}


def _array(data: bytes, rows: int, kind: str) -> Doubles:
    return np.frombuffer(data, dtype=kind).astype(np.float64, copy=False).reshape(rows, -1)
