"""Who sent a request that is answered without ASGI, as the lanes see it."""

from collections.abc import Callable
from typing import Protocol

from service.errors import ServiceError

Answer = Callable[[bytes | ServiceError], None]
"""Called at most once, on the loop, with the reply or with what the whole request failed with."""


class Client(Protocol):
    """Who sent a request.

    Attributes
    ----------
    began : float
        ``time.monotonic()`` when it came.
    closed : bool
        Whether nobody waits for the reply any more.
    """

    began: float
    closed: bool
