"""Failures as ``application/problem+json`` (RFC 9457): one shape for a whole request and for one part of it."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson
from httptools import HttpParserError

from service.errors import DEFECT, MAX_FAULTS, NO_ROOM, Expired, Fault, Loading, QueueFull, ServiceError, Unprocessable
from service.http.path_table import Failure

_log = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
_TITLES = {404: "No such path", 405: "No such method here", 408: "The request took too long", 431: "Headers too large"}
_PASSING = (QueueFull.status, Loading.status, Expired.status)
_CODES = {404: "unknown_path", 405: "method_not_allowed", 408: "request_timeout", 431: "headers_too_large"}


def problem(error: ServiceError, request_id: str) -> dict[str, Any]:
    """Give the body of a failure.

    Parameters
    ----------
    error : ServiceError
        What went wrong.
    request_id : str
        Under which the server's log has the request.

    Returns
    -------
    dict
        Members of ``application/problem+json``, at most ``MAX_FAULTS`` of its faults.
    """
    return {
        "type": f"urn:statecast:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "errors": [{"loc": list(fault.loc), "msg": fault.msg} for fault in error.faults],
        "request_id": request_id,
    }


def problem_failure(error: ServiceError, request_id: str) -> Failure:
    """Give a failure the form of RFC 9457.

    Parameters
    ----------
    error : ServiceError
        What went wrong.
    request_id : str
        Under which the server's log has the request.

    Returns
    -------
    Failure
        Status, headers and body.
    """
    return Failure(error.status, failure_headers(error, PROBLEM), orjson.dumps(problem(error, request_id)))


def failure_headers(error: ServiceError, content_type: str) -> list[tuple[bytes, bytes]]:
    """Give a failure's headers: what it is, and when to come back where waiting helps.

    Parameters
    ----------
    error : ServiceError
        What went wrong.
    content_type : str
        Of the failure's body.

    Returns
    -------
    list of (bytes, bytes)
        Without ``Content-Length``.
    """
    headers = [(b"content-type", content_type.encode())]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if error.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="statecast"'))
    return headers


def http_failure(status: int, detail: str) -> ServiceError:
    """Make a failure of the router or the connection: unknown path, unknown method, no HTTP.

    Parameters
    ----------
    status : int
        404, 405, or another of theirs.
    detail : str
        One sentence that a person can act on.

    Returns
    -------
    ServiceError
        Not raised yet.
    """
    error = ServiceError(detail, code=_CODES.get(status, "bad_request"))
    error.status, error.title = status, _TITLES.get(status, "Bad request")
    return error


def parse_failure(error: HttpParserError) -> ServiceError:
    """Make a failure of what is no HTTP.

    Parameters
    ----------
    error : HttpParserError
        Of the parser, or of what it calls.

    Returns
    -------
    ServiceError
        Not raised yet.
    """
    cause = error.__context__
    if cause is None or isinstance(cause, HttpParserError):
        reason = str(cause or error)[:200]
        return http_failure(400, f"request: expected HTTP/1.1, got: {reason}; leave it to a client library")
    if isinstance(cause, MemoryError):
        return QueueFull(NO_ROOM)
    _log.error("a request could not be taken on", exc_info=cause)
    return ServiceError(DEFECT)


def all_failed(errors: Sequence[ServiceError], what: str = "series") -> ServiceError:
    """Make one failure of a request of which no part could be answered.

    A single part's failure is the request's; several agree on a status, or make it 503 where all may pass, else 422.

    Parameters
    ----------
    errors : sequence of ServiceError
        One per part, at least one.
    what : str
        The list of the body that the parts stand in.

    Returns
    -------
    ServiceError
        Not raised yet.
    """
    first = errors[0]
    if len(errors) == 1:
        return first
    same = len({error.status for error in errors}) == 1
    made = ServiceError(
        f"none of the {len(errors)} {what} could be answered; the first: {first.detail}",
        code=first.code if len(Counter(error.code for error in errors)) == 1 else f"all_{what}_failed",
        faults=[
            fault
            for index, error in enumerate(errors[:MAX_FAULTS])
            for fault in error.faults or (Fault((what, index), error.detail),)
        ],
    )
    passing = all(error.status in _PASSING for error in errors)
    kind = type(first) if same else Loading if passing else Unprocessable
    made.status, made.title = kind.status, kind.title
    made.retry_after = max((e.retry_after for e in errors if e.retry_after), default=None) if same or passing else None
    return made
