"""Failures outside of a tool, in the shape of JSON-RPC."""

from typing import Any, Literal

from pydantic import BaseModel

from service.errors import ServiceError
from service.http.problems import problem

_PARSE_ERROR, _INVALID_REQUEST, _SERVER_ERROR = -32700, -32600, -32000
_CODES = {400: _PARSE_ERROR, 413: _INVALID_REQUEST, 415: _INVALID_REQUEST, 422: _INVALID_REQUEST}


class RpcFault(BaseModel):
    """What is wrong."""

    code: int
    message: str
    data: Any = None


class RpcError(BaseModel):
    """Every failure of ``/mcp`` that is no tool's; ``data`` is the problem (RFC 9457) where this server found it."""

    jsonrpc: Literal["2.0"]
    id: str | int | None = None
    error: RpcFault


def rpc_error(error: ServiceError, request_id: str) -> dict[str, Any]:
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
        See ``RpcError``.
    """
    code = _CODES.get(error.status, _SERVER_ERROR)
    fault = {"code": code, "message": error.detail, "data": problem(error, request_id)}
    return {"jsonrpc": "2.0", "id": None, "error": fault}
