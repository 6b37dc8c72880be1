"""One call of the service: what is sent, and what its answer means."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from statecast.client.errors import UnreachableError, kind_of
from statecast.client.retries import retry_after_s


@dataclass(frozen=True)
class Call:
    """What is sent.

    Parameters
    ----------
    method : str
        ``GET``, ``POST``, ...
    path : str
        Below the server's address.
    body : Any
        JSON values; None for no body.
    query : mapping
        Query string.
    headers : mapping
        Beside those of the client.
    """

    method: str
    path: str
    body: Any = None
    query: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def parts(self, *, with_key: bool) -> dict[str, Any]:
        """Give the arguments of ``httpx.Client.build_request``.

        Parameters
        ----------
        with_key : bool
            Whether a ``POST`` without an ``Idempotency-Key`` gets one.

        Returns
        -------
        dict
            Bytes of the body among them, which are the same however often they are sent.
        """
        headers = dict(self.headers)
        if with_key and self.method == "POST" and not any(name.lower() == "idempotency-key" for name in headers):
            headers["Idempotency-Key"] = uuid.uuid4().hex
        parts: dict[str, Any] = {"method": self.method, "url": self.path, "headers": headers}
        if self.query:
            parts["params"] = dict(self.query)
        if self.body is not None:
            headers["Content-Type"] = "application/json"
            parts["content"] = json.dumps(self.body, allow_nan=False, separators=(",", ":")).encode()
        return parts


def answer_of(outcome: httpx.Response | httpx.TransportError, request: httpx.Request, sent: int) -> Any:
    """Read what finally came of a call.

    Parameters
    ----------
    outcome : httpx.Response or httpx.TransportError
        The last answer, or why there is none.
    request : httpx.Request
        What was sent.
    sent : int
        How often.

    Returns
    -------
    Any
        JSON values, or text where the answer is no JSON; None where it is empty.

    Raises
    ------
    UnreachableError
        If there is none.
    ProblemError
        If it is a failure.
    """
    if not isinstance(outcome, httpx.Response):
        tries = "" if sent == 1 else f" after {sent} tries"
        raise UnreachableError(
            f"{request.method} {request.url}: no answer{tries} ({type(outcome).__name__}: {outcome}); is the server "
            "running, and is this its address?"
        ) from outcome
    if outcome.is_success:
        if not outcome.content:
            return None
        return outcome.json() if "json" in outcome.headers.get("content-type", "") else outcome.text
    raise _problem(outcome)


def _problem(response: httpx.Response) -> Exception:
    """What a failure is raised as, also one of a proxy that knows nothing of our shape."""
    try:
        said = response.json()
    except ValueError:
        said = None
    members = said if isinstance(said, dict) else {}
    detail = members.get("detail") or f"{response.request.method} {response.url}: {response.status_code} " + (
        response.reason_phrase or "without a reason"
    )
    return kind_of(response.status_code)(
        str(detail),
        response.status_code,
        str(members.get("code", "")),
        [one for one in members.get("errors") or () if isinstance(one, dict)],
        str(members.get("request_id") or response.headers.get("X-Request-ID", "")),
        retry_after_s(response),
    )
