"""The app, put together: nothing is loaded or read before ``create_app`` is called."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from service.errors import Fault, ServiceError, Unprocessable
from service.http.middleware import RequestMiddleware, template
from service.http.problems import failure_of, http_failure
from service.protocols import openapi
from service.protocols.admin import health, models, pages, sessions
from service.protocols.container import Container
from service.protocols.forecast.routes import Forecast
from service.protocols.generate.routes import Generate
from service.protocols.openai import routes as completions
from service.protocols.openai.routes import Completions
from service.serving.scenarios import ScenarioService
from service.serving.text import TextService
from service.settings import Settings

_log = logging.getLogger(__name__)
_METHODS = {
    "/sessions/{id}": "GET, DELETE",
    **dict.fromkeys(("/forecast", "/generate", "/v1/completions"), "POST"),
}


def create_app(settings: Settings, wiring: Container | None = None) -> FastAPI:
    """Make the app: read keys, artifacts and store, unless ``wiring`` brings them; the engine warms up as it starts.

    Parameters
    ----------
    settings:
        How to run.
    wiring:
        What ``Container.build(settings)`` gave, where the caller wants its errors before a server starts.

    Raises
    ------
    ArtifactError, StoreError, ValueError
        As ``Container.build``.
    """
    parts = Container.build(settings) if wiring is None else wiring
    hot, generate = Forecast(settings, parts.metrics), Generate(settings, parts.metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warming = app.state.warming = asyncio.create_task(_warm(parts, hot, generate))
        try:
            yield
        finally:
            if not warming.done():
                await asyncio.wait([warming])
            if parts.forecasting is not None:
                await parts.forecasting.stop(settings.drain_s)

    app = FastAPI(
        title="Statecast", version=version("statecast"), lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", redirect_slashes=False,
    )  # fmt: skip
    app.state.wiring = parts
    for path, endpoint in (("/forecast", hot), ("/generate", generate), ("/v1/completions", Completions(generate))):
        app.router.routes.insert(0, Route(path, endpoint, methods=["POST"], include_in_schema=False))
    for router in (health.router, models.router, sessions.router, completions.router, pages.router):
        app.include_router(router)
    app.add_middleware(RequestMiddleware, metrics=parts.metrics, keys=parts.keys)
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    document = None

    def describe() -> dict[str, object]:
        nonlocal document
        document = document or openapi.describe(app, parts.keys is not None)
        return document

    app.openapi = describe  # type: ignore[method-assign]
    return app


async def _warm(parts: Container, hot: Forecast, generate: Generate) -> None:
    """Warm the engine beside the running server, so that ``/live`` and ``/ready`` can tell how it stands."""
    if parts.forecasting is None:
        hot.reason = generate.reason = parts.no_artifact
        return
    try:
        await parts.forecasting.start()
    except Exception:
        _log.exception("the engine could not start")
        hot.reason = generate.reason = "the engine could not start; the server's log says why"
        return
    # What is loaded by now stays for ever. Left in the collector's sight, each full collection walks all of it and
    # stops every thread for a tenth of a second, about once a second under load.
    gc.collect()
    gc.freeze()
    hot.forecasting, hot.catalogue = parts.forecasting, parts.catalogue
    runtime = parts.forecasting.runtime
    generate.generating, generate.pathing, generate.catalogue = (
        TextService(runtime),
        ScenarioService(runtime),
        parts.catalogue,
    )


def _answer(request: Request, error: ServiceError, headers: dict[str, str] | None = None) -> Response:
    status, told, body = failure_of(request.url.path, error, request.state.request_id)
    own = {name.decode(): value.decode() for name, value in told}
    return Response(body, status, headers=own | dict(headers or {}))


async def _service_error(request: Request, error: Exception) -> Response:
    return _answer(request, error if isinstance(error, ServiceError) else ServiceError("a defect of the server"))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = getattr(error, "headers", None) or {}
    path = request.url.path[:80]
    if status == 405:
        # The router names the methods of the first route only; a path can have several.
        headers = {"Allow": _METHODS.get(template(request.url.path), headers.get("Allow", "GET"))}
        detail = f"{request.method[:20]} {path}: expected {headers.get('Allow', 'another method')}; see /docs"
    elif status == 404:
        detail = f"{path}: there is no such path; see /docs"
    else:
        detail = str(getattr(error, "detail", "the request cannot be read"))
    return _answer(request, http_failure(status, detail), dict(headers))


async def _invalid(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [Fault(tuple(fault["loc"]), str(fault["msg"])) for fault in found]
    first = f"{'.'.join(map(str, faults[0].loc))}: {faults[0].msg}" if faults else "the request is wrong"
    return _answer(request, Unprocessable(first, faults=faults))
