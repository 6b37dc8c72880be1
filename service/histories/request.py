"""A request that brings whole series without a session, on its way."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.engine import History
from service.errors import ServiceError
from service.scheduling.wait_estimate import FORECAST_STEPS
from service.serving.client import Answer, Client


class DecliningClient(Client, Protocol):
    """A client whose request can still go the general way once it was taken."""

    def decline(self) -> None:
        """Have the general way answer."""


class Reply(Protocol):
    """Writes forecasts in the client's format; on the engine's thread."""

    def encode(self, numbers: NDArray[np.float64], kept: Sequence[bool], queue_ms: float, compute_ms: float) -> bytes:
        """Write a reply.

        Parameters
        ----------
        numbers : array of float64, ``[B, 1 + Q, F]``
            Of each series its mean, then each quantile.
        kept : sequence of bool
            Of each whether its bounds changed it.
        queue_ms : float
            How long the request waited.
        compute_ms : float
            How long its batch took.

        Returns
        -------
        bytes
            The body.
        """


class HistoryRequest:
    """Some series, forecast together.

    Parameters
    ----------
    series : sequence of History
        B, all of one network.
    horizon : int
        Steps F.
    levels : tuple of float
        Quantile levels Q.
    trained : tuple of float
        The network's own levels.
    exponents : tuple of float
        See ``Calibration.exponents``.
    client : DecliningClient
        Who sent it and when.
    deadline : float
        ``time.monotonic()`` after which it is dropped.
    reply : Reply
        Of the client's format.
    answer : callable
        See ``Answer``.

    Attributes
    ----------
    work : int
        What it takes of the engine, see ``wait_estimate.work_of``.
    outcome : bytes, ServiceError or None
        Once it is done; None after that where the general way is to answer.
    """

    __slots__ = (
        "answer", "client", "deadline", "exponents", "horizon", "levels", "outcome", "reply", "series", "trained",
        "work",
    )  # fmt: skip

    def __init__(
        self,
        series: Sequence[History],
        horizon: int,
        levels: tuple[float, ...],
        trained: tuple[float, ...],
        exponents: tuple[float, float],
        client: DecliningClient,
        deadline: float,
        reply: Reply,
        answer: Answer,
    ) -> None:
        self.series, self.horizon, self.levels, self.trained = series, horizon, levels, trained
        self.exponents = exponents
        self.client, self.deadline, self.reply, self.answer = client, deadline, reply, answer
        self.work = sum(len(one.target) + FORECAST_STEPS for one in series)
        self.outcome: bytes | ServiceError | None = None
