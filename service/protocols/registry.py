"""Protocols by name: what a client speaks over HTTP is one folder here, or one file of another package.

A protocol registers itself under the name that ``STATECAST_PROTOCOLS`` uses. The app takes each one's paths and
nothing else; the conformance suite of ``tests/service/protocols`` runs over all that are registered.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.routing import Route
from starlette.types import ASGIApp

from service.errors import ServiceError
from service.http.direct_request import DirectEndpoint
from service.http.path_table import Failure
from service.http.problems import PROBLEM, problem_failure
from service.protocols.container import Container
from service.protocols.schemas import Problem
from statecast.errors import UnknownNameError
from statecast.registry import Registry


@dataclass(frozen=True)
class Endpoint:
    """A path that a plain ASGI app answers, because FastAPI's own handlers are too slow for it, and its description."""

    path: str
    app: ASGIApp
    operation: dict[str, Any]
    """Its OpenAPI operation, without the failures."""
    failures: tuple[int, ...]
    """Statuses of ``service.errors`` with which it can fail."""
    requests: tuple[type, ...] = ()
    """Shapes of bodies to which the operation refers."""
    replies: tuple[type, ...] = ()
    """Shapes of answers to which the operation refers."""
    method: str = "POST"


class ClientProtocol:
    """What clients of one kind speak over HTTP. A subclass gives its paths and, if it has one, its error shape.

    Parameters
    ----------
    container : Container
        What handlers share. ``container.ready()`` raises ``Loading`` until the models are warm.
    """

    open_paths: ClassVar[frozenset[str]] = frozenset()
    """Paths that answer without an API key."""
    prefixes: ClassVar[tuple[str, ...]] = ()
    """Unknown paths below these fail in this protocol's shape."""
    failure_schema: ClassVar[type[BaseModel]] = Problem
    """Body of a failure."""
    failure_type: ClassVar[str] = PROBLEM
    """Content type of a failure."""

    def __init__(self, container: Container) -> None:
        self.container = container

    def endpoints(self) -> Sequence[Endpoint]:
        """Give the paths that plain ASGI apps answer.

        Returns
        -------
        sequence of Endpoint
            None by default.
        """
        return ()

    def direct(self) -> Mapping[str, DirectEndpoint]:
        """Give what answers small ``POST`` requests without ASGI, by path; see ``service.http.direct.DirectProtocol``.

        Each path is also one of ``endpoints`` or ``routers``, which answer all other requests, and the same.

        Returns
        -------
        mapping of str to DirectEndpoint
            None by default.
        """
        return {}

    def routers(self) -> Sequence[APIRouter]:
        """Give the paths that FastAPI answers; it describes them itself. Handlers find the container by the request.

        Returns
        -------
        sequence of APIRouter
            None by default.
        """
        return ()

    def paths(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Give every path with its methods; one with several handlers comes several times.

        Yields
        ------
        (str, tuple of str)
            Path template and methods.
        """
        for endpoint in self.endpoints():
            yield endpoint.path, (endpoint.method,)
        for router in self.routers():
            for route in router.routes:
                if isinstance(route, Route):
                    yield route.path, tuple((route.methods or {"GET"}) - {"HEAD"})

    def in_front(self, app: ASGIApp) -> ASGIApp:
        """Put something in front of every path, those of other protocols included.

        Parameters
        ----------
        app : ASGIApp
            Answers.

        Returns
        -------
        ASGIApp
            The same by default.
        """
        return app

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run what answers beside the paths, such as another port, while the app runs; nothing by default."""
        yield

    def status(self, status: int) -> int:
        """Give the status that stands for one of ``service.errors`` here.

        Parameters
        ----------
        status : int
            Of HTTP, as ``service.errors`` has it.

        Returns
        -------
        int
            The same by default.
        """
        return status

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure the form that these clients expect.

        Parameters
        ----------
        error : ServiceError
            What went wrong.
        request_id : str
            Under which the server's log has the request.

        Returns
        -------
        Failure
            ``application/problem+json`` by default.
        """
        return problem_failure(error, request_id)


PROTOCOLS: Registry[type[ClientProtocol]] = Registry("protocol", "service.protocols", "statecast.protocols")


def enabled(names: str | None, container: Container) -> list[ClientProtocol]:
    """Make the protocols that a server speaks.

    Parameters
    ----------
    names : str or None
        Separated by commas, as ``STATECAST_PROTOCOLS`` has them; None stands for all that come with this package.
    container : Container
        What they share.

    Returns
    -------
    list of ClientProtocol
        In the order of the names.

    Raises
    ------
    ValueError
        If there is none of a name; it lists those that there are.
    """
    if names is None:
        found = [PROTOCOLS[name] for name in PROTOCOLS.names()]
        chosen = [protocol for protocol in found if protocol.__module__.startswith("service.protocols.")]
    else:
        try:
            chosen = [PROTOCOLS[name] for name in dict.fromkeys(filter(None, map(str.strip, names.split(","))))]
        except UnknownNameError as error:
            raise ValueError(f"STATECAST_PROTOCOLS: {error}; separate several by commas") from None
    return [protocol(container) for protocol in chosen]
