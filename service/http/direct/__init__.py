"""Connections on which small requests of hot endpoints skip ASGI, and are read some milliseconds at a time."""

from service.http.direct.protocol import DirectProtocol

__all__ = ["DirectProtocol"]
