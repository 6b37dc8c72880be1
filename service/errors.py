"""Every way in which a request can fail: one tree, one shape over the wire (``application/problem+json``, RFC 9457).

ServiceError                500      internal_error
  + Malformed               400      malformed_body
  + NoKey                   401      no_api_key
  + WrongKey                403      wrong_api_key
  + UnknownModel            404      unknown_model
  + UnknownSession, -Job    404      unknown_session, unknown_job
  + Conflict                409      conflicting_observation, too_late, model_changed, session_mismatch, session_exists,
                                     older_state, state_schema
  + JobConflict             409      job_unfinished, job_finished, job_failed, model_exists
  + ExpiredSession          410      session_expired
  + JobFileGone             410      job_file_gone
  + StateMoved              412      state_moved_on
  + TooLarge                413      too_large
  + UnknownContent          415      unknown_content_type
  + Unprocessable           422      invalid_request, or a more precise one
  + QueueFull               429      queue_full                           (with Retry-After)
    + TooManyJobs           429      too_many_jobs, too_many_models       (with Retry-After)
  + Loading                 503      loading, no_model, shutting_down, store_failed, job_elsewhere (with Retry-After)
    + Overtaken             503      overtaken                            (with Retry-After)
  + Expired                 504      timeout

``detail`` is one sentence that a person can act on: the field, what was expected, what came, how to mend it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_FAULTS = 100
"""Faults of a failure that are kept."""
_MOST, _END = 800, 200


def cut(text: str) -> str:
    """Cut what a client's own words have made long, in the middle; what is no Unicode becomes ``?``.

    Parameters
    ----------
    text : str
        Of a message.

    Returns
    -------
    str
        At most about 1,000 characters.

    Examples
    --------
    >>> cut("short"), len(cut("x" * 10**6))
    ('short', 1030)
    """
    if len(text) > _MOST + _END:
        text = f"{text[:_MOST]} [... {len(text)} characters ...] {text[-_END:]}"
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where, such as ``("series", 0, "target")``, and what."""

    loc: tuple[str | int, ...]
    msg: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "loc", tuple(cut(part) if isinstance(part, str) else part for part in self.loc))
        object.__setattr__(self, "msg", cut(self.msg))


DEFECT = "this is a defect of the server; report it with the request_id, under which its log has the cause"
"""Detail of a failure that nobody foresaw."""


class ServiceError(Exception):
    """Base of all failures that reach a client.

    Parameters
    ----------
    detail : str
        One sentence that a person can act on.
    code : str or None
        A more precise code than the class's.
    faults : sequence of Fault
        Everything that is wrong with the request, with its place.

    Attributes
    ----------
    status : int
        Of HTTP.
    title : str
        The same for every failure of a class.
    retry_after : int or None
        Whole seconds, where waiting helps.
    """

    status = 500
    code = "internal_error"
    title = "Internal error"
    retry_after: int | None = None

    def __init__(self, detail: str, *, code: str | None = None, faults: Sequence[Fault] = ()) -> None:
        self.detail = cut(detail)
        super().__init__(self.detail)
        self.code = code or type(self).code
        self.faults = tuple(faults[:MAX_FAULTS])


class Malformed(ServiceError):
    """The body is not JSON, not Arrow, not CSV, or is cut off."""

    status, code, title = 400, "malformed_body", "The body cannot be read"


class NoKey(ServiceError):
    """API keys are on and the request sends none."""

    status, code, title = 401, "no_api_key", "An API key is needed"


class WrongKey(ServiceError):
    """The key is not one of this server's."""

    status, code, title = 403, "wrong_api_key", "The API key is not known"


class UnknownModel(ServiceError):
    """No loaded artifact has this name, version or digest."""

    status, code, title = 404, "unknown_model", "No such model"


class UnknownSession(ServiceError):
    """No such session for this key, and no history to open one with."""

    status, code, title = 404, "unknown_session", "No such session"


class UnknownJob(ServiceError):
    """No such job of this key, or no longer."""

    status, code, title = 404, "unknown_job", "No such job"


class Conflict(ServiceError):
    """The request contradicts what the session already holds."""

    status, code, title = 409, "session_conflict", "The session holds something else"


class JobConflict(ServiceError):
    """The job is not as far as that, or further."""

    status, code, title = 409, "job_unfinished", "The job stands otherwise"


class ExpiredSession(ServiceError):
    """The session was idle for longer than its life."""

    status, code, title = 410, "session_expired", "The session has expired"


class JobFileGone(ServiceError):
    """A file of a job is no longer where it was put."""

    status, code, title = 410, "job_file_gone", "A file of the job is gone"


class StateMoved(ServiceError):
    """The session's digest is none of those that ``If-Match`` names."""

    status, code, title = 412, "state_moved_on", "The session has moved on"


class TooLarge(ServiceError):
    """The body, or the work that it requests, is over a limit, which the detail names."""

    status, code, title = 413, "too_large", "Too large"


class UnknownContent(ServiceError):
    """A content type or encoding that the service does not read or write."""

    status, code, title = 415, "unknown_content_type", "Unknown content type"


class Unprocessable(ServiceError):
    """The request was understood and is wrong."""

    status, code, title = 422, "invalid_request", "The request cannot be answered"


NO_ROOM = "body: there is no memory for it beside what is at work; try again later, or send less at a time"


class QueueFull(ServiceError):
    """More work waits than the queue holds."""

    status, code, title, retry_after = 429, "queue_full", "Too busy", 1


class TooManyJobs(QueueFull):
    """The key, or the server, has as many jobs as it may."""

    code, title, retry_after = "too_many_jobs", "Too many jobs", 30


class Loading(ServiceError):
    """The service is starting or stopping."""

    status, code, title, retry_after = 503, "loading", "Not ready", 2


class Overtaken(Loading):
    """Another replica advanced the session first, over and over."""

    code, title, retry_after = "overtaken", "Another replica advanced the session", 1

    def __init__(self) -> None:
        super().__init__("the session was advanced by another replica meanwhile; nothing was applied, send it again")


class Expired(ServiceError):
    """``timeout_ms`` passed before the work began; it was dropped and changed nothing."""

    status, code, title = 504, "timeout", "Timed out"


def expired(session: str) -> ExpiredSession:
    """Make the failure of a session that was idle for too long.

    Parameters
    ----------
    session : str
        Its id.

    Returns
    -------
    ExpiredSession
        Not raised yet.
    """
    return ExpiredSession(
        f"session {session[:80]!r}: idle for longer than its life and no longer kept; DELETE it and send the whole "
        "history again, or use another id"
    )


def unknown(session: str) -> UnknownSession:
    """Make the failure of a session that this owner does not have.

    Parameters
    ----------
    session : str
        Its id.

    Returns
    -------
    UnknownSession
        Not raised yet.
    """
    return UnknownSession(f"session {session[:80]!r}: there is none; POST /forecast with its history opens it")
