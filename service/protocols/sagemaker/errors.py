"""Failures as ``boto3`` raises them: a model's error with its original status and message."""

from typing import Any

from pydantic import Field

from service.codecs.faults import dotted
from service.errors import ServiceError
from service.http.problems import problem
from service.protocols.schemas import Problem

ERROR_TYPE = b"x-amzn-errortype"
_TYPES = {
    401: b"AccessDeniedException",
    403: b"AccessDeniedException",
    429: b"ThrottlingException",
    500: b"InternalFailure",
    503: b"ServiceUnavailable",
}


class ModelError(Problem):
    """Every failure: a problem (RFC 9457), with the members beside it that clients of SageMaker read."""

    message: str = Field(alias="Message")
    original_status_code: int = Field(alias="OriginalStatusCode")
    original_message: str = Field(alias="OriginalMessage", description="Everything that is wrong, a line each.")


def error_type(status: int) -> bytes:
    """Give the name under which ``boto3`` raises a failure; it sends again what may pass by itself.

    Parameters
    ----------
    status : int
        Of HTTP.

    Returns
    -------
    bytes
        Of an exception of ``sagemaker-runtime``.

    Examples
    --------
    >>> error_type(422), error_type(503)
    (b'ModelError', b'ServiceUnavailable')
    """
    return _TYPES.get(status, b"ModelError")


def model_error(error: ServiceError, request_id: str) -> dict[str, Any]:
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
        See ``ModelError``.
    """
    lines = [f"{dotted(fault.loc)}: {fault.msg}" for fault in error.faults]
    return {
        **problem(error, request_id),
        "Message": error.detail,
        "OriginalStatusCode": error.status,
        "OriginalMessage": "\n".join(lines) if len(lines) > 1 else error.detail,
    }
