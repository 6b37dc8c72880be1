"""What talks to a server: forecasts as the library gives them, sync and async, without torch. Needs httpx."""

from statecast.client.async_client import AsyncClient
from statecast.client.client import Client
from statecast.client.errors import (
    AccessError,
    ClientError,
    ConflictError,
    DeadlineError,
    InvalidRequestError,
    MissingError,
    OverloadError,
    ProblemError,
    ServerError,
    UnreachableError,
)
from statecast.client.retries import Retries

__all__ = [
    "AccessError",
    "AsyncClient",
    "Client",
    "ClientError",
    "ConflictError",
    "DeadlineError",
    "InvalidRequestError",
    "MissingError",
    "OverloadError",
    "ProblemError",
    "Retries",
    "ServerError",
    "UnreachableError",
]
