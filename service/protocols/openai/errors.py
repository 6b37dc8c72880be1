"""Failures in the shape that clients of the OpenAI API expect."""

from typing import Any

from service.errors import ServiceError

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def openai_status(status: int) -> int:
    """Give the status that stands for one of ``service.errors``: a wrong request is 400 in that API.

    Parameters
    ----------
    status : int
        Of HTTP, as ``service.errors`` has it.

    Returns
    -------
    int
        As that API has it.

    Examples
    --------
    >>> openai_status(422), openai_status(429)
    (400, 429)
    """
    return 400 if status == 422 else status


def openai_error(error: ServiceError) -> dict[str, Any]:
    """Give the body of a failure.

    Parameters
    ----------
    error : ServiceError
        What went wrong.

    Returns
    -------
    dict
        One member ``error``.
    """
    kind = "server_error" if error.status >= 500 else _TYPES.get(error.status, "invalid_request_error")
    param = ".".join(map(str, error.faults[0].loc)) if error.faults else None
    return {"error": {"message": error.detail, "type": kind, "param": param, "code": error.code}}
