"""The client that waits."""

import time
from types import TracebackType
from typing import Any, Self

import httpx

from statecast.api.series_forecast import SeriesForecast
from statecast.client.call import Call, answer_of
from statecast.client.connection import Connection
from statecast.client.forecasts import OF_THE_REQUEST, forecast_call, read_forecasts
from statecast.client.series import SentSeries


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
        self._http = httpx.Client(**self.connection.options(transport))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
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
            time.sleep(wait_s)

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

    def forecast(self, history: Any, horizon: int | None = None, **options: Any) -> SeriesForecast:
        """Forecast one series.

        Parameters
        ----------
        history : sequence of float
            T observations, None or NaN where missing.
        horizon : int, optional
            Steps ahead; left out, the model's.
        **options
            As of ``statecast.load(path).forecast``: ``start``, ``timestamps``, ``freq``, ``level`` or
            ``quantile_levels``, ``bounds``, covariates, ...; and what a server adds: ``model``, ``session``, ``open``,
            ``timeout_ms``, ...

        Returns
        -------
        SeriesForecast
            As the library gives it.

        Raises
        ------
        InputError
            If a time or a value cannot be read.
        ClientError
            As ``send``.
        """
        call, series = one_series(history, horizon, options)
        return read_forecasts(self.send(call), series, options.get("bounds"))[0]


def one_series(history: Any, horizon: int | None, options: dict[str, Any]) -> tuple[Call, list[SentSeries]]:
    """Make the call of one series.

    Parameters
    ----------
    history, horizon, options
        As of ``Client.forecast``.

    Returns
    -------
    Call
        ``POST /forecast``.
    list of SentSeries
        The one series.
    """
    names = (*OF_THE_REQUEST, "level", "quantile_levels", "bounds")
    said = {name: options[name] for name in names if name in options}
    series = [SentSeries.of(history, **{name: value for name, value in options.items() if name not in names})]
    return forecast_call(series, horizon, **said), series
