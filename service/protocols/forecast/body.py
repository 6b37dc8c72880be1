"""A body about series as a request, such as a ``ForecastRequest``: what is wrong with one series stays with it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from starlette.types import Scope

from service.codecs.faults import Loc, quoted, raise_faults
from service.codecs.json_document import (
    came,
    is_list,
    is_object,
    limit_values,
    lists_are_members,
    parse,
)
from service.codecs.members import members_of
from service.codecs.query_string import parse_query
from service.deadline import Deadline
from service.errors import Fault, Malformed, TooLarge
from service.http.body import INLINE_BYTES, INLINE_OBJECTS, JSON
from service.http.compression import decompress
from service.protocols.forecast.schemas import R
from service.protocols.forecast.series import SERIES, SeriesRequest
from service.protocols.forecast.table_body import FindModel, decode_table, fill_from_query
from service.protocols.request_shape import RequestShape
from service.settings import Settings
from service.threads import DECODING

Prepare = Callable[[dict[str, Any]], None]
"""Changes the members of a series in place."""


async def decode(
    scope: Scope,
    headers: Mapping[bytes, bytes],
    kind: str,
    body: bytes,
    settings: Settings,
    deadline: Deadline,
    find_model: FindModel,
    shape: RequestShape[R],
) -> R:
    """Decode a body, on a thread if it is large.

    Parameters
    ----------
    scope : Scope
        Holds the query string.
    headers : mapping of bytes to bytes
        Name the compression.
    kind : str
        Content type, one of ``http.body.KINDS``.
    body : bytes
        As it was received.
    settings : Settings
        Limits.
    deadline : Deadline
        Until when it is worth it.
    find_model : FindModel
        For tables, whose columns the model knows by name.
    shape : RequestShape
        What kind of request it is.

    Returns
    -------
    SeriesBody
        Each series holds its own faults.

    Raises
    ------
    ServiceError
        If it cannot be read, or is wrong as a whole.
    """
    query = parse_query(scope.get("query_string", b""), settings.max_fields)
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    # What is compressed can be large inside, and tables cost a fixed millisecond.
    plain = len(body) <= INLINE_BYTES and kind == JSON and not encoding
    if plain and body.count(b"{") <= INLINE_OBJECTS:
        return decode_now(kind, body, encoding, query, settings, deadline, find_model, shape)
    return await DECODING.run(decode_now, kind, body, encoding, query, settings, deadline, find_model, shape)


def decode_now(
    kind: str,
    body: bytes,
    encoding: str,
    query: dict[str, str],
    settings: Settings,
    deadline: Deadline,
    find_model: FindModel,
    shape: RequestShape[R],
) -> R:
    """Decode a body, on the calling thread; see ``decode``.

    Parameters
    ----------
    kind, body, settings, deadline, find_model, shape
        As ``decode`` takes them.
    encoding : str
        Its compression.
    query : dict of str to str
        The query string, taken apart.
    """
    deadline.check()
    try:
        plain = decompress(body, encoding, settings.max_body_bytes)
        if kind != JSON:
            return decode_table(plain, query, settings, find_model, deadline, shape, kind)
        request = decode_json(plain, settings, deadline, shape)
    except MemoryError:
        raise TooLarge("body: to read it takes more than there is of memory; send less at a time") from None
    if query:
        fill_from_query(request, query, shape)
    return request


def decode_json(body: bytes, settings: Settings, deadline: Deadline, shape: RequestShape[R]) -> R:
    """Read a body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.
    settings : Settings
        Limits; that of values is checked before anything is parsed.
    deadline : Deadline
        Until when it is worth it.
    shape : RequestShape
        What kind of request it is.

    Returns
    -------
    SeriesBody
        Each series holds its own faults.

    Raises
    ------
    Malformed
        If it is not JSON, or no object.
    TooLarge
        If it holds more values or series than allowed.
    Unprocessable
        If the request as a whole is wrong.
    """
    limit_values(body, settings.max_values)
    top = parse(body)
    if not is_object(top):
        raise Malformed(f"body: expected a JSON object with series, got {'a list' if is_list(top) else quoted(top)}")
    faults: list[Fault] = []
    members = members_of(top, faults, most=settings.max_fields)
    if "series" in members:
        flat = lists_are_members(body)
        members["series"] = read_series(members["series"], faults, settings, deadline, flat=flat)
    request, wrong = shape.body.read(members)
    raise_faults([*faults, *(fault for fault in wrong if all(fault.loc != other.loc for other in faults))])
    for series in request.series:
        series.read_times_by(request.time_options)
    return request


def read_series(
    value: Any,
    faults: list[Fault],
    settings: Settings,
    deadline: Deadline,
    *,
    flat: bool,
    name: str = "series",
    prepare: Prepare | None = None,
) -> list[SeriesRequest]:
    """Read the list of a body's series.

    Parameters
    ----------
    value : list
        The parser's list.
    faults : list of Fault
        What is wrong with the list as a whole is added here.
    settings : Settings
        Limits.
    deadline : Deadline
        Until when it is worth it.
    flat : bool
        Whether no list of the body lies within another one, see ``lists_are_members``.
    name : str
        Of the list in the body.
    prepare : Prepare, optional
        Turns the members of each series into those that it has here, where a protocol writes them in another way.

    Returns
    -------
    list of SeriesRequest
        In the order of the body, each with its own faults.

    Raises
    ------
    TooLarge
        If there are too many.
    """
    if not is_list(value):
        faults.append(Fault((name,), f"expected a list of objects with target, got {came(value)}"))
        return []
    if len(value) == 0:
        message = 'expected at least one series, got an empty list; add {"target": [...]}'
        faults.append(Fault((name,), message))
    elif len(value) > settings.max_series:
        raise TooLarge(
            f"{name}: expected at most {settings.max_series}, got {len(value)}; send them in several requests"
        )
    with np.errstate(over="ignore"):  # once here, because it costs more than a short list
        return [
            _one(entry, (name, index), flat, settings.max_fields, prepare)
            for index, entry in enumerate(deadline.each(value))
        ]


def _one(entry: Any, loc: Loc, flat: bool, most: int, prepare: Prepare | None) -> SeriesRequest:
    if not is_object(entry):
        series = SeriesRequest(target={})
        series.faults.append(Fault(loc, f"expected an object with target, got {came(entry)}"))
        return series
    repeated: list[Fault] = []
    members = members_of(entry, repeated, loc, most=most)
    if prepare is not None:
        prepare(members)
    series, wrong = SERIES.read(members, flat=flat)
    series.loc = loc
    series.faults = [*repeated, *(Fault((*loc, *fault.loc), fault.msg) for fault in wrong)]
    for name, resolution in series.resolutions.items():
        resolution.loc, resolution.faults = (*loc, "resolutions", name), series.faults
    return series
