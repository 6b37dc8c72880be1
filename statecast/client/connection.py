"""What a client of either kind is made of: where the server is, the key, timeouts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from statecast.client.retries import Retries


@dataclass(frozen=True)
class Connection:
    """How a server is reached.

    Parameters
    ----------
    url : str
        Its address, ``http://127.0.0.1:8000``.
    api_key : str or None
        Where keys are on.
    timeout_s : float
        Seconds to wait for an answer, of one try.
    connect_timeout_s : float
        Seconds to wait for a connection, of one try.
    retries : Retries
        When a request is sent again.
    idempotency_keys : bool
        Whether each ``POST`` gets an ``Idempotency-Key``, so that one whose answer was lost is not applied twice. False
        for who sends observations with their times, which cannot be: they then go the server's short way.
    headers : mapping
        Sent with each request.
    """

    url: str
    api_key: str | None = None
    timeout_s: float = 60.0
    connect_timeout_s: float = 5.0
    retries: Retries = field(default_factory=Retries)
    idempotency_keys: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)

    def options(self, transport: Any) -> dict[str, Any]:
        """Give the arguments of ``httpx.Client`` and ``httpx.AsyncClient``.

        Parameters
        ----------
        transport : Any
            What carries requests instead of the network; None for the network.

        Returns
        -------
        dict
            By name.
        """
        headers = dict(self.headers)
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key}"
        options: dict[str, Any] = {
            "base_url": self.url,
            "headers": headers,
            "timeout": httpx.Timeout(self.timeout_s, connect=self.connect_timeout_s),
        }
        return options if transport is None else options | {"transport": transport}
