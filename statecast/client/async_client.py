"""The client that does not wait: the same for ``asyncio`` and whatever else httpx runs on."""

import asyncio
from types import TracebackType
from typing import Any, Self

import httpx

from statecast.client.call import Call, answer_of
from statecast.client.connection import Connection
from statecast.client.operations import Steps, backtesting, explaining, finding_anomalies, forecasting
from statecast.client.session import AsyncSession


class AsyncClient:
    """Talks to a server from coroutines; to be closed, or used in an ``async with`` statement.

    Parameters
    ----------
    url : str
        Address of the server.
    api_key : str, optional
        Where keys are on.
    transport : httpx.AsyncBaseTransport, optional
        What carries requests instead of the network.
    **options
        ``timeout_s``, ``retries``, ...: see ``statecast.client.connection.Connection``.
    """

    def __init__(
        self, url: str, api_key: str | None = None, *, transport: httpx.AsyncBaseTransport | None = None, **options: Any
    ) -> None:
        self.connection = Connection(url, api_key, **options)
        self._http = httpx.AsyncClient(**self.connection.options(transport))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def send(self, call: Call) -> Any:
        """Send a call, again where that may help; see ``Client.send``."""
        connection, sent = self.connection, 0
        request = self._http.build_request(**call.parts(with_key=connection.idempotency_keys))
        while True:
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = await self._http.send(request)
            except httpx.TransportError as error:
                outcome = error
            sent += 1
            wait_s = connection.retries.wait_s(outcome, sent)
            if wait_s is None:
                return answer_of(outcome, request, sent)
            await asyncio.sleep(wait_s)

    async def get(self, path: str, **query: str | int | float | bool) -> Any:
        """Get what is at a path; see ``Client.get``."""
        return await self.send(Call("GET", path, query=query))

    async def post(self, path: str, body: Any, *, idempotency_key: str | None = None) -> Any:
        """Post JSON values as they are; see ``Client.post``."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return await self.send(Call("POST", path, body, headers=headers))

    async def delete(self, path: str) -> Any:
        """Delete what is at a path; see ``Client.get``."""
        return await self.send(Call("DELETE", path))

    async def forecast(self, history: Any, horizon: int | None = None, **options: Any) -> Any:
        """Forecast one series, or each of several; see ``Client.forecast``."""
        return await self._run(forecasting(history, horizon, options))

    async def cross_validation(
        self, history: Any, horizon: int | None = None, *, cutoffs: int = 1, step: int | None = None, **options: Any
    ) -> Any:
        """Forecast at many cut-offs; see ``Client.cross_validation``."""
        return await self._run(backtesting(history, horizon, cutoffs, step, options))

    async def anomalies(self, history: Any, level: float = 99.0, **options: Any) -> Any:
        """Find how surprising values are; see ``Client.anomalies``."""
        return await self._run(finding_anomalies(history, level, options))

    async def explain(self, history: Any, horizon: int | None = None, **options: Any) -> Any:
        """Say what a forecast is made of; see ``Client.explain``."""
        return await self._run(explaining(history, horizon, options))

    def session(self, id: str, **options: Any) -> AsyncSession:
        """Give a session by its id; see ``Session`` for the options."""
        return AsyncSession(self, id, **options)

    async def _run(self, steps: Steps[Any]) -> Any:
        """Send the calls of an operation until it has its result."""
        answer = None
        while True:
            try:
                call = steps.send(answer)
            except StopIteration as done:
                return done.value
            answer = await self.send(call)
