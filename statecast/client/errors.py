"""What a request may fail with, one tree.

ClientError                  (a StatecastError)
├── UnreachableError         no answer came, however often it was tried
└── ProblemError             the server answered with a failure
    ├── InvalidRequestError  400, 413, 415, 422: what was sent is wrong; an InputError too, as the library raises it
    ├── AccessError          401, 403: no key, or a wrong one
    ├── MissingError         404, 410: no such model, session or job, or it has expired
    ├── ConflictError        409, 412: a session says otherwise
    ├── DeadlineError        408, 504: it took too long
    ├── OverloadError        429, 502, 503: more than the server can do now, or it is starting
    └── ServerError          any other 5xx: a defect of the server
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from statecast.errors import InputError, StatecastError


class ClientError(StatecastError):
    """Base of all failures of a request."""


class UnreachableError(ClientError):
    """No answer came, however often it was tried."""


class ProblemError(ClientError):
    """The server answered with a failure, see RFC 9457.

    Parameters
    ----------
    detail : str
        The field, what was expected, what came, and how to mend it.
    status : int
        HTTP status.
    code : str
        Which failure, as the reference of HTTP lists them.
    errors : sequence of mapping
        Places in the request (``loc``) and what is wrong there (``msg``).
    request_id : str
        Under which the server's log has the request.
    retry_after_s : float or None
        Seconds after which the server would be asked again.
    """

    statuses: ClassVar[tuple[int, ...]] = ()

    def __init__(
        self,
        detail: str,
        status: int,
        code: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        request_id: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.errors = status, code, tuple(errors)
        self.request_id, self.retry_after_s = request_id, retry_after_s


class InvalidRequestError(ProblemError, InputError):
    """What was sent is wrong: a field, a time, a horizon, or there is too much of it."""

    statuses = (400, 413, 415, 422)


class AccessError(ProblemError):
    """No key, or a wrong one."""

    statuses = (401, 403)


class MissingError(ProblemError):
    """No such model, session or job, or it has expired."""

    statuses = (404, 410)


class ConflictError(ProblemError):
    """A session says otherwise: another value at that time, another version, another state."""

    statuses = (409, 412)


class DeadlineError(ProblemError):
    """It took too long; the work was dropped."""

    statuses = (408, 504)


class OverloadError(ProblemError):
    """More than the server can do now, or it is starting or stopping."""

    statuses = (429, 502, 503)


class ServerError(ProblemError):
    """A defect of the server: report it with its ``request_id``."""


KINDS: tuple[type[ProblemError], ...] = (
    InvalidRequestError,
    AccessError,
    MissingError,
    ConflictError,
    DeadlineError,
    OverloadError,
)


def kind_of(status: int) -> type[ProblemError]:
    """Say which error a status stands for.

    Parameters
    ----------
    status : int
        HTTP status of a failure.

    Returns
    -------
    type of ProblemError
        ``ProblemError`` itself for any other 4xx.

    Examples
    --------
    >>> kind_of(422).__name__, kind_of(500).__name__
    ('InvalidRequestError', 'ServerError')
    """
    other = ServerError if status >= 500 else ProblemError
    return next((kind for kind in KINDS if status in kind.statuses), other)
