"""An endpoint that takes whole series in any format and reads each in one pass, as a plain ASGI app."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.backtests.service import BacktestService
from service.codecs.table_warnings import HEADER, write_warnings
from service.deadline import Deadline
from service.errors import Fault, ServiceError, Unprocessable
from service.http.body import content_kind, read_body, reply_kind
from service.http.middleware import send_compressed, send_failure
from service.http.sse import client_left, unless_left
from service.models.model import Model
from service.models.work_limits import timeout_of
from service.protocols.container import Container, Services
from service.protocols.forecast.body import decode
from service.protocols.forecast.schemas import R
from service.protocols.forecast.season import on_grid, season_of_values
from service.protocols.forecast.validation import validate
from service.protocols.request_shape import RequestShape
from service.sessions.series_input import SeriesInput
from service.settings import Settings
from service.threads import DECODING
from statecast.time.frequency import Frequency

Encoded = tuple[bytes, list[dict[str, Any]]]
"""A body, and the warnings that it has no place for."""


@dataclass(frozen=True)
class PassRequest(Generic[R]):
    """A request on its way.

    Parameters
    ----------
    body : SeriesBody
        What the client sent.
    kind : str
        Content type of the reply.
    owner : str
        Whose request it is.
    request_id : str
        Repeated in failures.
    deadline : Deadline
        Until when it is worth it.
    """

    body: R
    kind: str
    owner: str
    request_id: str
    deadline: Deadline


class SeriesEndpoint(ABC, Generic[R]):
    """Reads, decodes and answers; a client that leaves stops its work.

    Parameters
    ----------
    container : Container
        What handlers share.
    """

    shape: RequestShape[R]

    def __init__(self, container: Container) -> None:
        self.container, self.settings = container, container.settings

    @abstractmethod
    async def answer(self, request: PassRequest[R], model: Model, backtests: BacktestService) -> Encoded:
        """Answer a request.

        Parameters
        ----------
        request : PassRequest
            What the client requests.
        model : Model
            What forecasts.
        backtests : BacktestService
            Reads the series.

        Returns
        -------
        Encoded
            The reply.

        Raises
        ------
        ServiceError
            If it failed as a whole.
        """

    @staticmethod
    @abstractmethod
    def timeout_ms(body: R) -> int | None:
        """Give what the client says of its patience.

        Parameters
        ----------
        body : SeriesBody
            What it sent.
        """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        try:
            began = time.monotonic()
            given = content_kind(headers)
            kind = reply_kind(headers, given)
            body = await read_body(headers, receive, self.settings.max_body_bytes)
            services = self.container.ready()
            work = asyncio.ensure_future(self._work(scope, headers, (given, kind), body, services, began))
            left = asyncio.ensure_future(client_left(receive))
            try:
                if not await unless_left(work, left):
                    return
            finally:
                left.cancel()
            reply, warned = work.result()
        except ClientDisconnect:
            return
        except ServiceError as error:
            self.container.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        beside = [(HEADER.lower().encode(), write_warnings(warned))] if warned else ()
        await send_compressed(kind, reply, headers, b"Accept, Accept-Encoding", send, beside)

    async def _work(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        kinds: tuple[str, str],
        body: bytes,
        services: Services,
        began: float,
    ) -> Encoded:
        deadline = Deadline(began + self.settings.default_timeout_ms / 1e3)
        find_model = partial(services.catalogue.resolve, kind="forecaster")
        try:
            request = await decode(scope, headers, kinds[0], body, self.settings, deadline, find_model, self.shape)
            deadline.at = began + timeout_of(self.timeout_ms(request), self.settings) / 1e3
            state = scope["state"]
            whole = PassRequest(request, kinds[1], state["owner"], state["request_id"], deadline)
            return await self.answer(whole, find_model(request.model), services.backtests)
        except asyncio.CancelledError:
            deadline.leave()
            raise

    async def validate(self, request: PassRequest[R], model: Model, reserved: int) -> list[SeriesInput | ServiceError]:
        """Check the series of a request.

        Parameters
        ----------
        request : PassRequest
            What the client requests.
        model : Model
            What forecasts.
        reserved : int
            Steps at the end of each series that its first forecast must not know: its season is not looked for there.

        Returns
        -------
        list of SeriesInput or ServiceError
            In the order of the request.
        """
        return await DECODING.run(self._validate, request, model, reserved)

    def _validate(self, request: PassRequest[R], model: Model, reserved: int) -> list[SeriesInput | ServiceError]:
        body = request.body
        if body.missing == "linear":
            message = "expected mask, ffill or error, because linear looks at values that come later, got linear"
            raise Unprocessable(f"missing: {message}", faults=[Fault(("missing",), message)])
        inputs = validate(body, model, self.settings, 0, request.owner, request.deadline)
        found: list[SeriesInput | ServiceError] = []
        for place, (series, one) in enumerate(zip(body.series, inputs, strict=True)):
            if isinstance(one, SeriesInput) and one.session is not None:
                message = "expected none, because nothing is kept here, got one; leave it out"
                fault = Fault(("series", place, "session"), message)
                found.append(Unprocessable(f"series[{place}].session: {message}", faults=[fault]))
            elif isinstance(one, SeriesInput) and model.longest_season and not one.named:
                season = _season(one, one.freq or series.freq, model, self.settings, reserved)
                found.append(replace(one, season=season))
            else:
                found.append(one)
        return found


def _season(series: SeriesInput, freq: str | None, model: Model, settings: Settings, reserved: int) -> int:
    """Choose the season of what the first forecast knows, as a request with that history alone would."""
    frequency = None if freq is None else Frequency.parse(freq)
    columns = [on_grid(values, series.time_index, settings.max_history) for values in series.target]
    known = [values[: max(1, len(values) - reserved)] for values in columns]
    return season_of_values(known, frequency, model.longest_season or 1, grows=False)
