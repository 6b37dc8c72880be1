"""The client that waits."""

import threading
from types import TracebackType
from typing import Any, Self

import httpx

from statecast.client.call import Call, answer_of
from statecast.client.connection import Connection
from statecast.client.operations import Steps, backtesting, explaining, finding_anomalies, forecasting
from statecast.client.session import Session


class Client:
    """Talks to a server; to be closed, or used in a ``with`` statement. Threads may share it.

    Parameters
    ----------
    url : str
        Address of the server.
    api_key : str, optional
        Where keys are on.
    transport : httpx.BaseTransport, optional
        What carries requests instead of the network.
    **options
        ``timeout_s``, ``retries``, ...: see ``statecast.client.connection.Connection``.

    Examples
    --------
    >>> with Client("http://127.0.0.1:8000") as client:
    ...     request = client.forecast  # ([3, 1, 4, 1, 5, 9, 2, 6], horizon=3).mean
    """

    def __init__(
        self, url: str, api_key: str | None = None, *, transport: httpx.BaseTransport | None = None, **options: Any
    ) -> None:
        self.connection = Connection(url, api_key, **options)
        self._closed = threading.Event()
        self._http = httpx.Client(**self.connection.options(transport))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections; a call that waits for its next try ends with what it had."""
        self._closed.set()
        self._http.close()

    def send(self, call: Call) -> Any:
        """Send a call, again where that may help.

        Parameters
        ----------
        call : Call
            What is sent.

        Returns
        -------
        Any
            JSON values; text where the answer is no JSON.

        Raises
        ------
        UnreachableError
            If no answer comes.
        ProblemError
            If the server answers with a failure.
        """
        connection, sent = self.connection, 0
        request = self._http.build_request(**call.parts(with_key=connection.idempotency_keys))
        while True:
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = self._http.send(request)
            except httpx.TransportError as error:
                outcome = error
            sent += 1
            wait_s = connection.retries.wait_s(outcome, sent)
            if wait_s is None:
                return answer_of(outcome, request, sent)
            if self._closed.wait(wait_s):
                return answer_of(outcome, request, sent)

    def get(self, path: str, **query: str | int | float | bool) -> Any:
        """Get what is at a path.

        Parameters
        ----------
        path : str
            Such as ``/models``.
        **query
            Query string.

        Returns
        -------
        Any
            As ``send``.
        """
        return self.send(Call("GET", path, query=query))

    def post(self, path: str, body: Any, *, idempotency_key: str | None = None) -> Any:
        """Post JSON values as they are: what any endpoint takes, and what it answers.

        Parameters
        ----------
        path : str
            Such as ``/forecast``.
        body : Any
            JSON values.
        idempotency_key : str, optional
            Under which the request has the same answer however often it is sent; left out, a new one.

        Returns
        -------
        Any
            As ``send``.
        """
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return self.send(Call("POST", path, body, headers=headers))

    def delete(self, path: str) -> Any:
        """Delete what is at a path; see ``Client.get``."""
        return self.send(Call("DELETE", path))

    def forecast(self, history: Any, horizon: int | None = None, **options: Any) -> Any:
        """Forecast one series, or each of several.

        Parameters
        ----------
        history : Any
            T values, None or NaN where missing: a list, an array; a frame or a series of pandas, polars, pyarrow, ...;
            the path of a file; values by name; rows of values.
        horizon : int, optional
            Steps ahead; left out, the model's.
        **options
            As of ``statecast.load(path).forecast``: ``start``, ``timestamps``, ``freq``, ``level`` or
            ``quantile_levels``, ``bounds``, covariates, ...; and what a server adds: ``model``, ``session``, ``open``,
            ``timeout_ms``, ...

        Returns
        -------
        SeriesForecast, frame, dict or list
            As the library gives it: of a frame, one like it.

        Raises
        ------
        InputError
            If a time or a value cannot be read.
        ClientError
            As ``send``; of several series the first that failed is named.
        """
        return self._run(forecasting(history, horizon, options))

    def cross_validation(
        self, history: Any, horizon: int | None = None, *, cutoffs: int = 1, step: int | None = None, **options: Any
    ) -> Any:
        """Forecast one series, or each of several, at many cut-offs that count back from their end.

        Parameters
        ----------
        history, horizon
            As in ``forecast``.
        cutoffs : int
            How many.
        step : int, optional
            Steps from one to the next; left out, the horizon.
        **options
            As in ``forecast``, but for sessions.

        Returns
        -------
        SeriesBacktest, frame, dict or list
            As the library gives it.

        Raises
        ------
        InputError, ClientError
            As ``forecast``.
        """
        return self._run(backtesting(history, horizon, cutoffs, step, options))

    def anomalies(self, history: Any, level: float = 99.0, **options: Any) -> Any:
        """Find how surprising each value of one series is, or of each of several.

        Parameters
        ----------
        history : Any
            As in ``forecast``.
        level : float
            Percent of values that are expected inside of the interval.
        **options
            As in ``forecast``, but for sessions.

        Returns
        -------
        SeriesAnomalies, frame, dict or list
            As the library gives it.

        Raises
        ------
        InputError, ClientError
            As ``forecast``.
        """
        return self._run(finding_anomalies(history, level, options))

    def explain(self, history: Any, horizon: int | None = None, **options: Any) -> Any:
        """Say what a forecast is made of.

        Parameters
        ----------
        history, horizon
            As in ``forecast``.
        **options
            As in ``forecast``.

        Returns
        -------
        SeriesExplanation, dict or list
            As the library gives it; of a frame by item.

        Raises
        ------
        InputError, ClientError
            As ``forecast``.
        """
        return self._run(explaining(history, horizon, options))

    def session(self, id: str, **options: Any) -> Session:
        """Give a session by its id; see ``Session`` for the options."""
        return Session(self, id, **options)

    def _run(self, steps: Steps[Any]) -> Any:
        """Send the calls of an operation until it has its result."""
        answer = None
        while True:
            try:
                call = steps.send(answer)
            except StopIteration as done:
                return done.value
            answer = self.send(call)
