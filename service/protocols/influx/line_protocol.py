"""The line protocol of InfluxDB, as text: ``measurement,tag=value field=1.5,other=2i 1700000000000000000``.

The source is InfluxData's "Line protocol reference". A backslash before a comma, a space or an equals sign takes its
meaning off; before another character it is a backslash.
"""

import math
import re

from service.errors import Fault, Unprocessable
from service.protocols.forecast.write_endpoint import WriteRequest
from statecast.time.stamps import FIRST, LAST

_KEY = re.compile(r"((?:\\.|[^\\ ])+) +")
_PART = re.compile(r"((?:\\.|[^\\,=])+)=((?:\\.|[^\\,=])+)(?:,|$)")
_MEASUREMENT = re.compile(r"((?:\\.|[^\\,])+)(?:,|$)")
_FIELD = re.compile(r'((?:\\.|[^\\,= ])+)=(?:"((?:\\.|[^"\\])*)"|([^,\s"]+))(,|\s+|$)')
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([iu]?)")
_TIME = re.compile(r"-?\d{1,19}")
_BOOLEANS = dict.fromkeys(("t", "T", "true", "True", "TRUE"), 1.0) | dict.fromkeys(
    ("f", "F", "false", "False", "FALSE"), 0.0
)
_SECOND = {"ns": 10**9, "n": 10**9, "us": 10**6, "u": 10**6, "µ": 10**6, "ms": 1000}
_OF_SECONDS = {"s": 1, "m": 60, "h": 3600}
UNITS = (*_SECOND, *_OF_SECONDS)
"""Precisions, those of version 1 of the API too."""


def read_lines(body: bytes, precision: str, now: int) -> WriteRequest:
    """Read a body; lines that are wrong are noted and left out.

    Parameters
    ----------
    body : bytes
        Lines in UTF-8.
    precision : str
        Unit of the times, one of ``UNITS``.
    now : int
        Seconds since 1970 for lines without a time.

    Returns
    -------
    WriteRequest
        A series' name is measurement and tags, sorted and escaped as in the protocol, a space and the field; ``/`` and
        ``%`` in it are written as in a URL.

    Raises
    ------
    Unprocessable
        If the body is not UTF-8 or has no line, or there is no such precision.

    Examples
    --------
    >>> read_lines(b"power,site=b,phase=1 watt=3.5,state=2i 1700000000", "s", 0).observations
    {'power,phase=1,site=b watt': [(1700000000, 3.5)], 'power,phase=1,site=b state': [(1700000000, 2.0)]}
    """
    if precision not in UNITS:
        raise Unprocessable(f"precision: expected one of {', '.join(UNITS)}, got {precision[:20]!r}")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Unprocessable(f"body: expected UTF-8, got byte {body[error.start]:#04x} at {error.start}") from None
    found = WriteRequest()
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] == "#":
            continue
        try:
            _read_line(stripped, precision, now, found)
        except ValueError as error:
            found.wrong.append(Fault(("line", number), f"{error}, got {stripped[:80]!r}"))
    if not (found.observations or found.unused or found.wrong):
        raise Unprocessable("body: expected at least one line such as power,site=b watt=3.5 1700000000, got none")
    return found


def _read_line(line: str, unit: str, now: int, into: WriteRequest) -> None:
    key = _KEY.match(line)
    if key is None:
        raise ValueError("expected measurement,tag=value field=value time")
    name, fields, position = _series(key[1]), [], key.end()
    while True:
        found = _FIELD.match(line, position)
        if found is None:
            raise ValueError("expected field=value behind the tags and a space")
        position = found.end()
        fields.append((found[1], None if found[2] is not None else _value(found[3])))
        if found[4] != ",":
            break
    time = line[position:].strip()
    if time and not _TIME.fullmatch(time):
        raise ValueError("expected a whole number as the time behind the fields")
    second = int(time) * _OF_SECONDS.get(unit, 1) // _SECOND.get(unit, 1) if time else now
    if not FIRST <= second <= LAST:
        raise ValueError("expected a time before the year 10000 in the unit that precision names")
    for one, value in fields:
        if value is None:
            into.unused += 1
        else:
            into.observations.setdefault(f"{name} {_escaped(one)}", []).append((second, value))


def _series(key: str) -> str:
    measurement = _MEASUREMENT.match(key)
    if measurement is None:
        raise ValueError("expected a measurement before the first comma")
    tags, position = [], measurement.end()
    while position < len(key):
        found = _PART.match(key, position)
        if found is None:
            raise ValueError("expected tags as tag=value, separated by commas")
        tags.append(f"{_escaped(found[1])}={_escaped(found[2])}")
        position = found.end()
    return ",".join([_escaped(measurement[1]), *sorted(tags)])


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")


def _value(text: str) -> float:
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise ValueError("expected a number, true, false or text in quotes as a field's value")
    if not math.isfinite(value := float(number[1])):
        raise ValueError("expected a number that 64 bits can hold as a field's value")
    return value
