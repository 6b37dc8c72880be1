"""``POST /mcp``, as a plain ASGI app: read within our limits, then handed to the package ``mcp``."""

from importlib.util import find_spec

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ServiceError, UnknownContent
from service.http.body import JSON, content_kind, read_body
from service.http.middleware import send_failure
from service.protocols.container import Container
from service.protocols.mcp.tools import Tools
from service.threads import DECODING


class NotInstalled(UnknownContent):
    """The package that speaks this protocol is not there."""

    status, code, title = 404, "not_installed", "Not installed"


class Mcp:
    """The endpoint.

    Parameters
    ----------
    container : Container
        What handlers share.
    """

    def __init__(self, container: Container) -> None:
        self._container, self._tools = container, Tools(container)
        self._server: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        try:
            content_kind(headers, (JSON,))
            body = await read_body(headers, receive, self._container.settings.max_body_bytes)
            self._container.ready()
            server = await self._loaded()
        except ClientDisconnect:
            return
        except ServiceError as error:
            self._container.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        if b"content-type" not in headers:  # JSON, as everywhere
            scope = {**scope, "headers": [*scope["headers"], (b"content-type", JSON.encode())]}

        async def replay() -> Message:
            return coming.pop() if coming else await receive()

        await server(scope, replay, send)

    async def _loaded(self) -> ASGIApp:
        if self._server is None:
            if not find_spec("mcp"):
                raise NotInstalled(
                    "Model Context Protocol: the package mcp is not installed beside this server; run pip install "
                    "'statecast[mcp]' and start it again"
                )
            self._server = await DECODING.run(self._load)  # a second of imports
        return self._server

    def _load(self) -> ASGIApp:
        from service.protocols.mcp.server import McpServer

        return McpServer(self._tools, self._container.settings.max_body_bytes)
