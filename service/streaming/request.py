"""A streamed request on its way: which rows it has, how far they are, and the reply that grows from them."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.engine import not_forecastable
from service.engine.step_batch import StepBatch
from service.errors import ServiceError
from service.http.problems import all_failed
from service.models.model import Model
from service.resident.session import ResidentSession
from service.resident.table import SessionTable
from service.streaming.body import StreamedBody
from service.streaming.numbers import Numbers

Answer = Callable[[bytes | ServiceError], None]
"""Called once, on the loop, with the reply or with what the whole request failed with."""


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


class Reply(Protocol):
    """Grows from the rows of a request as they are done, in any order, and is written at last; on any thread."""

    def add(
        self, request: "StreamedRequest", place: int, session: ResidentSession, row: NDArray[np.float64], kept: bool
    ) -> None:
        """Take a forecast.

        Parameters
        ----------
        request : StreamedRequest
            Of the row.
        place : int
            The row.
        session : ResidentSession
            As it stands after its observation.
        row : array of float64, ``[1 + Q, F]``
            Mean, then each quantile; nobody changes it.
        kept : bool
            Whether bounds that nobody requested changed it.
        """

    def fail(self, request: "StreamedRequest", place: int, error: ServiceError) -> None:
        """Take a failure in place of a forecast.

        Parameters
        ----------
        request : StreamedRequest
            Of the row.
        place : int
            The row.
        error : ServiceError
            Why.
        """

    def encode(self, request: "StreamedRequest") -> bytes:
        """Write the reply, of which at least one row is a forecast.

        Parameters
        ----------
        request : StreamedRequest
            All its rows are done.

        Returns
        -------
        bytes
            The body.
        """


class StreamedRequest:
    """One new observation of each of N sessions.

    Parameters
    ----------
    body : StreamedBody
        What was requested.
    model : Model
        What forecasts, whole.
    identity : str
        Id of the request, repeated in failures.
    horizon : int
        Steps F.
    levels : tuple of float
        Quantile levels Q.
    client : Client
        Who sent it and when.
    deadline : float
        ``time.monotonic()`` after which it is dropped unless it has begun.
    reply : Reply
        Of the client's format.
    answer : callable
        See ``Answer``.

    Attributes
    ----------
    sessions : list of (SessionTable, ResidentSession)
        N, whose turns the request holds.
    begun : int
        Rows that are or were in a batch.
    outcome : bytes, ServiceError or None
        Once all rows are done.
    queue_ms : float
        Longest wait of a row, in milliseconds.
    compute_ms : float
        Longest computation.
    """

    __slots__ = (
        "_failures", "answer", "begun", "body", "client", "compute_ms", "deadline", "horizon", "identity",
        "left", "levels", "model", "outcome", "queue_ms", "reply", "sessions",
    )  # fmt: skip

    def __init__(
        self,
        body: StreamedBody,
        model: Model,
        identity: str,
        horizon: int,
        levels: tuple[float, ...],
        client: Client,
        deadline: float,
        reply: Reply,
        answer: Answer,
    ) -> None:
        self.body, self.model, self.identity, self.horizon, self.levels = body, model, identity, horizon, levels
        self.client, self.deadline, self.reply, self.answer = client, deadline, reply, answer
        self.sessions: list[tuple[SessionTable, ResidentSession]] = []
        self.begun = 0
        self.left = len(body.sessions)
        self.outcome: bytes | ServiceError | None = None
        self._failures: list[ServiceError] = []
        self.queue_ms = self.compute_ms = 0.0

    def fail(self, error: ServiceError, first: int, last: int) -> None:
        """Note that some rows failed.

        Parameters
        ----------
        error : ServiceError
            Why.
        first : int
            The first of them.
        last : int
            The one after the last.
        """
        for place in range(first, last):
            self.reply.fail(self, place, error)
            self._failures.append(error)
        self._count(last - first)

    def forecast(self, first: int, at: int, batch: StepBatch, numbers: Numbers, began: float) -> None:
        """Note the forecasts of rows that a batch has done.

        Parameters
        ----------
        first : int
            The first row, counted in the request; the others follow.
        at : int
            Where it lies in the batch.
        batch : StepBatch
            That ran without an error.
        numbers : Numbers
            Of the N rows.
        began : float
            ``time.monotonic()`` when the batch began.
        """
        self.queue_ms = max(self.queue_ms, 1e3 * (began - self.client.began))
        self.compute_ms = max(self.compute_ms, batch.compute_ms)
        finite = [] if batch.finite is None else batch.finite[at : at + len(numbers.values)].tolist()
        for i, (row, kept, whole) in enumerate(zip(numbers.values, numbers.kept.tolist(), finite, strict=True)):
            if whole:
                self.reply.add(self, first + i, batch.sessions[at + i], row, kept)
            else:
                self.reply.fail(self, first + i, error := not_forecastable())
                self._failures.append(error)
        self._count(len(numbers.values))

    def _count(self, rows: int) -> None:
        self.left -= rows
        if self.left:
            return
        failed = len(self._failures) == len(self.body.sessions)
        self.outcome = all_failed(self._failures) if failed else self.reply.encode(self)
