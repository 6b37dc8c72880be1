"""The protocol ``cloud_events``: a request that is an event is what its data is, under a key, because it may repeat."""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from service.protocols.cloud_events.event import EVENT_ID, STRUCTURED, event_key, unwrapped
from service.protocols.registry import PROTOCOLS, ClientProtocol

_KEY = b"idempotency-key"


class EventApp:
    """ASGI app in front of another one that knows ``Idempotency-Key``.

    Parameters
    ----------
    app : ASGIApp
        Answers.
    max_body_bytes : int
        Of an event.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app, self._max_body_bytes = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "POST":
            for name, value in scope["headers"]:
                structured = name == b"content-type" and value.startswith(STRUCTURED)
                if structured:
                    try:
                        scope, receive = await unwrapped(scope, receive, self._max_body_bytes)
                    except ClientDisconnect:
                        return
                if structured or name == EVENT_ID:
                    scope = _with_key(scope)
                    break
        await self._app(scope, receive, send)


@PROTOCOLS.register("cloud_events")
class CloudEventsProtocol(ClientProtocol):
    """Events of brokers and functions, to every ``POST``; it has no paths of its own."""

    def in_front(self, app: ASGIApp) -> ASGIApp:
        """See ``ClientProtocol.in_front``."""
        return EventApp(app, self.container.settings.max_body_bytes)


def _with_key(scope: Scope) -> Scope:
    """Give an event's request the key that it stands for, unless the client chose one."""
    headers = dict(scope["headers"])
    key = event_key(headers)
    return scope if _KEY in headers else {**scope, "headers": [*scope["headers"], (_KEY, key)]}
