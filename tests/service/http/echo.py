"""An endpoint that answers with what it got, direct or by ASGI."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.errors import QueueFull, ServiceError, Unprocessable
from service.http.auth import ApiKeys
from service.http.body import read_body
from service.http.connection_context import ConnectionContext
from service.http.direct_request import DirectRequest
from service.http.middleware import RequestMiddleware, send_bytes, send_failure
from service.http.path_table import PathTable
from service.http.problems import problem_failure
from service.metrics import Metrics
from service.settings import Settings

LIMIT = 100_000


class Echo:
    """Answers with the body, by either way; counts which; holds direct requests while ``held``."""

    def __init__(self, keys: ApiKeys | None = None, **settings: object) -> None:
        self.metrics = Metrics()
        self.direct, self.usual, self.waiting = 0, 0, list[DirectRequest]()
        self.hold, self.accepts = False, True
        paths = PathTable(problem_failure)
        paths.add("/echo", ("POST",), problem_failure)
        self.app = RequestMiddleware(self._answer, self.metrics, keys, paths)
        plain = {"max_body_bytes": LIMIT, "state_url": "memory://", **settings}
        self.context = ConnectionContext(Settings(**plain), keys, self.metrics, paths)
        self.context.add("/echo", self)

    def accept(self, request: DirectRequest) -> bool:
        if not self.accepts:
            return False
        self.direct += 1
        if request.body == b"defect":
            raise KeyError("nobody foresaw this")
        if self.hold:
            self.waiting.append(request)
        else:
            self.respond(request)
        return True

    def refusal(self, body: bytes, query: bytes, began: float) -> ServiceError | None:
        return QueueFull("busy: try again later") if body == b'"too much"' and not query and began else None

    def respond(self, request: DirectRequest) -> None:
        if request.body == b"wrong":
            request.fail(Unprocessable("body: expected anything else"))
            return
        request.respond(200, b"content-type: text/plain\r\nvary: Accept\r\n", request.body + request.owner.encode())

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(dict(scope["headers"]), receive, self.context.settings.max_body_bytes)
        except ClientDisconnect:
            return
        except ServiceError as error:
            await send_failure(error, scope, send)
            return
        self.usual += 1
        if body == b"defect":
            raise KeyError("nobody foresaw this")
        if body == b"wrong":
            await send_failure(Unprocessable("body: expected anything else"), scope, send)
            return
        headers = [(b"content-type", b"text/plain"), (b"vary", b"Accept")]
        await send_bytes(200, headers, body + scope["state"]["owner"].encode(), send)

    async def held(self) -> DirectRequest:
        while not self.waiting:
            await asyncio.sleep(0.005)
        return self.waiting.pop(0)

    def answered(self, status: int) -> float:
        return self.metrics.registry.get_sample_value(
            "statecast_requests_total", {"path": "/echo", "status": str(status)}
        ) or 0.0  # fmt: skip
