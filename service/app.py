"""The app, put together: nothing is loaded or read before ``create_app`` is called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.connection_context import ConnectionContext
from service.http.exceptions import add_exception_handlers
from service.http.middleware import RequestMiddleware
from service.http.path_table import PathTable
from service.http.problems import problem_failure
from service.protocols import openapi
from service.protocols.container import Container
from service.protocols.idempotency import IdempotentApp, KeptAnswers
from service.protocols.registry import ClientProtocol, enabled
from service.settings import Settings

OPENAPI = "/openapi.json"


class Service(FastAPI):
    """Hands requests for plain ASGI endpoints to these, past layers of the framework that do nothing for them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.plain: dict[tuple[str, str], ASGIApp] = {}
        """By method and path. The router has them as well, because it answers the other methods of their paths."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, see ``FastAPI``."""
        plain = self.plain.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        await (super().__call__ if plain is None else plain)(scope, receive, send)


def create_app(settings: Settings, container: Container | None = None) -> FastAPI:
    """Make the app: read keys, artifacts and store, unless ``container`` has them; the models warm up as it starts.

    Parameters
    ----------
    settings : Settings
        How to run.
    container : Container, optional
        What ``Container.build(settings)`` gave, where the caller wants its errors before a server starts.

    Returns
    -------
    FastAPI
        Speaks the protocols that the settings name.

    Raises
    ------
    ArtifactError, StoreError, ValueError
        As ``Container.build``; also if the settings name an unknown protocol.
    """
    container = Container.build(settings) if container is None else container
    protocols = enabled(settings.protocols, container)
    app = Service(
        title="Statecast", version=version("statecast"), lifespan=_lifespan, docs_url=None, redoc_url=None,
        openapi_url=OPENAPI, redirect_slashes=False, generate_unique_id_function=openapi.operation_id,
    )  # fmt: skip
    app.state.container, app.state.protocols = container, protocols
    paths = PathTable(problem_failure)
    paths.add(OPENAPI, ("GET",), problem_failure, open=True)
    app.state.connections = ConnectionContext(settings, container.keys, container.metrics, paths)
    answers = KeptAnswers(container.store, settings.max_body_bytes, settings.default_timeout_ms / 1e3)

    def in_front(inner: ASGIApp) -> ASGIApp:
        made: ASGIApp = IdempotentApp(inner, answers)
        for protocol in protocols:
            made = protocol.in_front(made)
        return made

    for protocol in protocols:
        _mount(app, protocol, paths)
        for endpoint in protocol.endpoints():
            if "{" in endpoint.path:
                continue  # the router takes the parts of the path out
            served = RequestMiddleware(in_front(endpoint.app), container.metrics, container.keys, paths)
            app.plain[endpoint.method, endpoint.path] = served
        for path, direct in protocol.direct().items():
            app.state.connections.add(path, direct)
    app.add_middleware(in_front)
    app.add_middleware(RequestMiddleware, metrics=container.metrics, keys=container.keys, paths=paths)
    add_exception_handlers(app)
    app.openapi = openapi.Document(app, protocols, keys=container.keys is not None)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Warm the models beside the running server, so that ``/live`` and ``/ready`` can say how it stands."""
    container: Container = app.state.container
    async with AsyncExitStack() as beside:
        for protocol in app.state.protocols:
            await beside.enter_async_context(protocol.running())
        warming = app.state.warming = asyncio.create_task(container.start())
        try:
            yield
        finally:
            if not warming.done():
                await asyncio.wait([warming])
            await container.stop()


def _mount(app: FastAPI, protocol: ClientProtocol, paths: PathTable) -> None:
    """Add a protocol's paths to the app."""
    for endpoint in protocol.endpoints():
        route = Route(endpoint.path, endpoint.app, methods=[endpoint.method], include_in_schema=False)
        app.router.routes.append(route)
    for router in protocol.routers():
        app.include_router(router)
    for path, methods in protocol.paths():
        paths.add(path, methods, protocol.failure, open=path in protocol.open_paths)
    for prefix in protocol.prefixes:
        paths.add_prefix(prefix, protocol.failure)
