"""The way of one answer to its client."""

import asyncio
from collections.abc import Callable


class AnswerTransport:
    """Has a connection ended by those who know whether the client still sends.

    Who closes a socket from which bytes are still to be read has the client's end thrown away, with the answer on it.

    Parameters
    ----------
    transport : asyncio.Transport
        Of the connection.
    finish : callable
        Called in place of the transport's ``close``.
    """

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, finish: Callable[[], None]) -> None:
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, finish
