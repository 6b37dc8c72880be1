"""An endpoint that takes whole series in any format and reads each in one pass, as a plain ASGI app."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.backtests.service import BacktestService, Hindcast
from service.codecs.table_warnings import HEADER, write_warnings
from service.deadline import Deadline
from service.errors import Fault, ServiceError, Unprocessable
from service.http.body import content_kind, read_body, reply_kind
from service.http.middleware import send_compressed, send_failure
from service.http.sse import while_there
from service.models.model import Model
from service.models.work_limits import timeout_of
from service.protocols.backtest.pass_encoder import PassEncoder
from service.protocols.container import Container, Services
from service.protocols.forecast.body import decode
from service.protocols.forecast.schemas import R
from service.protocols.forecast.validation import validate
from service.protocols.request_shape import RequestShape
from service.sessions.series_input import SeriesInput
from service.threads import DECODING

Encoded = tuple[bytes, list[dict[str, Any]]]
"""A body, and the warnings that it has no place for."""
Outcomes = tuple[PassEncoder[Any], Sequence[Hindcast[Any] | ServiceError]]
"""What came of each series, and what writes it."""


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
    async def run(self, request: PassRequest[R], model: Model, backtests: BacktestService) -> Outcomes:
        """Do what a request wants.

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
        PassEncoder
            Writes the answers.
        list of Hindcast or ServiceError
            One per series.

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
            reply, warned = await while_there(work, receive)
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
            return await self._encode(whole, *await self.run(whole, find_model(request.model), services.backtests))
        except asyncio.CancelledError:
            deadline.leave()
            raise

    async def _encode(
        self, request: PassRequest[R], encoder: PassEncoder[Any], outcomes: Sequence[Hindcast[Any] | ServiceError]
    ) -> Encoded:
        """Write the answers, unless all series failed or time is up."""
        self.container.check_answers(outcomes)
        request.deadline.check()
        return await DECODING.run(encoder.encode, outcomes, request.kind)

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
        body = request.body
        if body.missing == "linear":
            message = "expected mask, ffill or error, because linear looks at values that come later, got linear"
            raise Unprocessable(f"missing: {message}", faults=[Fault(("missing",), message)])
        for series in body.series:
            if series.session is not None:
                series.fault("expected none, because nothing is kept here, got one; leave it out", "session")
        return await DECODING.run(validate, body, model, self.settings, 0, request.owner, request.deadline, reserved)
