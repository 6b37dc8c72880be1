"""A streamed request on its way: which rows it has, how far they are, and the reply that grows from them."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from service.engine import not_forecastable
from service.errors import Overtaken, ServiceError, Unprocessable
from service.http.problems import all_failed
from service.models.terms import Terms
from service.resident.table import SessionTable
from service.serving.client import Answer, Client
from service.streaming.body import StreamedBody
from service.streaming.forecasts import BatchForecasts
from service.streaming.group import RowGroup


class Reply(Protocol):
    """Grows from the rows of a request as they are done, in any order, and is written at last; on any thread."""

    def add(self, request: "StreamedRequest", part: "Part", forecasts: BatchForecasts) -> None:
        """Take the forecasts of some rows.

        Parameters
        ----------
        request : StreamedRequest
            Of the rows.
        part : Part
            Which, and where they lie in the batch.
        forecasts : BatchForecasts
            Of the whole batch; rows that are not finite are given to ``fail`` afterwards.
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
    terms : Terms
        What it wants of a model; its fields are attributes too.
    identity : str
        Id of the request, repeated in failures.
    client : Client
        Who sent it and when.
    reply : Reply
        Of the client's format.
    answer : callable
        See ``Answer``.

    groups : list of RowGroup
        The rows, whose turns the request holds.

    Attributes
    ----------
    size : int
        Rows N.
    begun : int
        Rows that are or were in a batch.
    left : int
        Rows that are not done.
    outcome : bytes, ServiceError or None
        Once all rows are done.
    queue_ms : float
        Longest wait of a row, in milliseconds.
    compute_ms : float
        Longest computation.
    """

    __slots__ = (
        "_failures", "_group", "answer", "begun", "body", "client", "compute_ms", "deadline", "groups", "horizon",
        "identity", "left", "levels", "model", "outcome", "queue_ms", "reply", "size",
    )  # fmt: skip

    def __init__(
        self,
        body: StreamedBody,
        terms: Terms,
        identity: str,
        client: Client,
        reply: Reply,
        answer: Answer,
        groups: list[RowGroup],
    ) -> None:
        self.body, self.identity, self.client, self.reply, self.answer = body, identity, client, reply, answer
        self.model, self.horizon, self.levels, self.deadline = terms
        self.groups, self._group = groups, groups[0]
        self.size = self.left = len(body.sessions)
        self.begun = 0
        self.outcome: bytes | ServiceError | None = None
        self._failures: dict[int, ServiceError] = {}
        self.queue_ms = self.compute_ms = 0.0

    def take(self, room: int, at: int, table: SessionTable | None) -> "Part | None":
        """Take rows that have not begun for a batch.

        Parameters
        ----------
        room : int
            How many at most.
        at : int
            Where in the batch they will lie.
        table : SessionTable or None
            Of the batch; None where it is not settled.

        Returns
        -------
        Part or None
            None where the next rows are of another network.
        """
        group = self._group
        if table is not None and group.table is not table:
            return None
        part = Part(self, group.table, group.places[:room], group.rows[:room], at)
        self.begun += len(part.rows)
        if len(part.rows) < len(group.rows):
            self._group = RowGroup(group.table, group.places[room:], group.rows[room:])
        elif self.begun < self.size:
            self._group = self.groups[1 + next(i for i, one in enumerate(self.groups) if one.table is group.table)]
        return part

    def fail(self, error: ServiceError, places: NDArray[np.int64] | None = None) -> None:
        """Note that some rows failed.

        Parameters
        ----------
        error : ServiceError
            Why.
        places : array of int64, ``[N]``, or None
            The rows; None for all.
        """
        places = np.arange(self.size) if places is None else places
        self._note(error, places)
        self._count(len(places))

    def forecast(self, part: "Part", forecasts: BatchForecasts, began: float) -> None:
        """Note the forecasts of rows that a batch has done.

        Parameters
        ----------
        part : Part
            The rows.
        forecasts : BatchForecasts
            Of the batch, which ran without an error.
        began : float
            ``time.monotonic()`` when the batch began.
        """
        self.queue_ms = max(self.queue_ms, 1e3 * (began - self.client.began))
        self.compute_ms = max(self.compute_ms, forecasts.compute_ms)
        self.reply.add(self, part, forecasts)
        if not forecasts.whole:
            own = slice(part.at, part.at + len(part.rows))
            finite, kept = forecasts.finite[own], forecasts.kept[own]
            self._note(not_forecastable(), part.places[~finite])
            self._note(Overtaken(), part.places[finite & ~kept])
        self._count(len(part.rows))

    def _note(self, error: ServiceError, places: NDArray[np.int64]) -> None:
        for place in places.tolist():
            self.reply.fail(self, place, error)
            self._failures[place] = error

    def _count(self, rows: int) -> None:
        self.left -= rows
        if self.left:
            return
        failures = list(self._failures.values())
        if len(failures) < self.size:
            self.outcome = self.reply.encode(self)
            return
        self.outcome = all_failed(failures)
        if all(isinstance(one, Overtaken | Unprocessable) for one in failures):
            # Nothing of it is kept: only then may the general way do all of it again.
            self.outcome = next((one for one in failures if isinstance(one, Overtaken)), self.outcome)


class Part(NamedTuple):
    """Rows of a request that lie one after the other in a batch.

    Parameters
    ----------
    request : StreamedRequest
        Whose.
    table : SessionTable
        Of their sessions.
    places : array of int64, ``[N]``
        The rows, counted in the request, ascending.
    rows : array of int64, ``[N]``
        Their sessions in the table.
    at : int
        Where the first lies in the batch.
    """

    request: StreamedRequest
    table: SessionTable
    places: NDArray[np.int64]
    rows: NDArray[np.int64]
    at: int

    @property
    def values(self) -> NDArray[np.float64]:
        """Observations of the rows."""
        return self.request.body.values[self.places]
