"""Exceptions that reach the app, answered in the shape that the path's clients expect."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.errors import DEFECT, Fault, Malformed, ServiceError, Unprocessable
from service.http.path_table import PathEntry
from service.http.problems import http_failure


def add_exception_handlers(app: FastAPI) -> None:
    """Have an app answer failures of the service, of the router and of FastAPI's own validation.

    Parameters
    ----------
    app : FastAPI
        Its requests have ``state.path`` and ``state.request_id``, as ``RequestMiddleware`` sets them.
    """
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)


def _answer(request: Request, error: ServiceError, headers: dict[str, str] | None = None) -> Response:
    path: PathEntry = request.state.path
    failure = path.failure(error, request.state.request_id)
    own = {name.decode(): value.decode() for name, value in failure.headers}
    return Response(failure.body, failure.status, headers=own | dict(headers or {}))


async def _service_error(request: Request, error: Exception) -> Response:
    return _answer(request, error if isinstance(error, ServiceError) else ServiceError(DEFECT))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(getattr(error, "headers", None) or {})
    path = request.url.path[:80]
    if status == 405:
        # The router names the methods of the first route only; a path can have several.
        methods = request.state.path.methods
        allowed = ", ".join("GET, HEAD" if method == "GET" else method for method in methods)
        headers = {"Allow": allowed or headers.get("Allow", "GET")}
        detail = f"{request.method[:20]} {path}: expected {headers['Allow']}; see /docs"
    elif status == 404:
        detail = f"{path}: there is no such path; see /docs"
    elif isinstance(error.__cause__, UnicodeDecodeError):
        detail = "body: expected JSON in UTF-8, got bytes that are not UTF-8; encode it as UTF-8"
        return _answer(request, Malformed(detail))
    else:
        detail = str(getattr(error, "detail", "the request cannot be read"))
    return _answer(request, http_failure(status, detail), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [Fault(tuple(fault["loc"]), str(fault["msg"])) for fault in found]
    first = f"{'.'.join(map(str, faults[0].loc))}: {faults[0].msg}" if faults else "the request is wrong"
    return _answer(request, Unprocessable(first, faults=faults))
