"""A broker of one's own on a free port, with what a test puts in and finds."""

import socket
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

Message = tuple[str, bytes]
"""Key and payload."""


class RunningBroker(Protocol):
    """A broker with one stream of readings."""

    name: ClassVar[str]
    persists: ClassVar[bool]

    @property
    def arguments(self) -> list[str]:
        """Behind ``python -m connectors NAME``."""

    def start(self) -> None:
        """Start it, or again with what it had."""

    def stop(self) -> None:
        """End it; one that persists has everything after that."""

    def kill(self) -> None:
        """End it for good."""

    def session(self, key: str) -> str:
        """Id of the session of a key."""

    def produce(self, messages: Iterable[Message]) -> None:
        """Write readings."""

    def outputs(self) -> list[dict[str, Any]]:
        """All forecasts that were ever written."""

    def letters(self) -> list[str]:
        """Codes of all dead letters."""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
