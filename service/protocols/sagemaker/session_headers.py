"""SageMaker's session headers: ``NEW_SESSION`` or an id in, what was opened or closed out."""

from collections.abc import Mapping
from typing import Any

from service.errors import Fault, Unprocessable
from service.http.ids import ulid

SESSION = b"x-amzn-sagemaker-session-id"
NEW = "NEW_SESSION"


def session_options(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """Give what the header says, as the query string of ``POST /forecast`` says it.

    Parameters
    ----------
    headers : mapping of bytes to bytes
        Of the request.

    Returns
    -------
    dict of str to str
        ``session`` and ``open``; nothing without the header.

    Examples
    --------
    >>> session_options({b"x-amzn-sagemaker-session-id": b"s-1"})
    {'session': 's-1', 'open': 'false'}
    """
    text = headers.get(SESSION, b"").decode("latin-1")
    if not text:
        return {}
    return {"session": ulid().lower(), "open": "true"} if text == NEW else {"session": text, "open": "false"}


def closing_session(headers: Mapping[bytes, bytes]) -> str:
    """Give the session that is to end.

    Parameters
    ----------
    headers : mapping of bytes to bytes
        Of a request whose body is ``{"requestType": "CLOSE"}``.

    Returns
    -------
    str
        Its id.

    Raises
    ------
    Unprocessable
        If it names none.
    """
    text = headers.get(SESSION, b"").decode("latin-1")
    if text in ("", NEW):
        message = f"expected the session to close in the header X-Amzn-SageMaker-Session-Id, got {text or 'none'}"
        raise Unprocessable(f"requestType: {message}", faults=[Fault(("requestType",), message)])
    return text


def opened_header(session: Mapping[str, Any] | None) -> list[tuple[bytes, bytes]]:
    """Tell which session was opened, and until when it is kept.

    Parameters
    ----------
    session : mapping or None
        The ``session`` object of a forecast.

    Returns
    -------
    list of (bytes, bytes)
        One header, or none.
    """
    if session is None:
        return []
    value = f"{session['id']}; Expires={session['expires_at']}"
    return [(b"x-amzn-sagemaker-new-session-id", value.encode())]


def closed_header(session: str) -> list[tuple[bytes, bytes]]:
    """Tell which session was closed.

    Parameters
    ----------
    session : str
        Its id.

    Returns
    -------
    list of (bytes, bytes)
        One header.
    """
    return [(b"x-amzn-sagemaker-closed-session-id", session.encode("latin-1"))]
