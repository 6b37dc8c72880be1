"""What the shared loop knows of a broker. Each kind is one file in ``connectors/brokers/``."""

import argparse
from collections.abc import Sequence
from typing import ClassVar, Protocol, Self

from connectors.answer import Answer, DeadLetter
from connectors.delivery import Delivery
from connectors.options import Options


class Broker(Protocol):
    """Hands messages over, takes forecasts and dead letters, and forgets a message only when it is acknowledged.

    Every method but ``close`` raises ``BrokerLost`` where the broker cannot be reached; the loop then closes and opens
    again, and what was not acknowledged comes again.
    """

    name: ClassVar[str]
    """Behind ``python -m connectors``."""
    summary: ClassVar[str]
    """One line for ``--help``."""

    @staticmethod
    def declare(options: Options) -> None:
        """Declare its own options.

        Parameters
        ----------
        options : Options
            Takes them.
        """

    @classmethod
    def of(cls, chosen: argparse.Namespace) -> Self:
        """Make one as the options say; nothing is connected yet.

        Parameters
        ----------
        chosen : Namespace
            What ``declare`` declared.

        Returns
        -------
        Broker
            To be opened.

        Raises
        ------
        ConnectorError
            If they contradict each other.
        """

    async def open(self) -> None:
        """Connect, and begin with what was not acknowledged."""

    async def receive(self, most: int, wait_s: float) -> list[Delivery]:
        """Take what is there.

        Parameters
        ----------
        most : int
            Messages at most.
        wait_s : float
            Seconds to wait where there is none.

        Returns
        -------
        list of Delivery
            In the order of each key; empty where none came.
        """

    async def identify(self, deliveries: Sequence[Delivery]) -> list[str]:
        """Name messages so that each has the same name whenever it comes, and no other has it.

        Parameters
        ----------
        deliveries : sequence of Delivery
            Messages without time and index.

        Returns
        -------
        list of str
            In their order.
        """

    async def publish(self, answers: Sequence[Answer]) -> None:
        """Write forecasts to the output topic, under the name of their session; returns when the broker has them.

        Parameters
        ----------
        answers : sequence of Answer
            One per session at most.
        """

    async def reject(self, letters: Sequence[DeadLetter]) -> None:
        """Write messages to the dead-letter topic as they came, with the reason; returns when the broker has them.

        Parameters
        ----------
        letters : sequence of DeadLetter
            Each with the message.
        """

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Have the broker forget messages.

        Parameters
        ----------
        deliveries : sequence of Delivery
            All that one ``receive`` gave.
        """

    async def lag(self) -> int | None:
        """Messages that wait at the broker; None where it does not say."""

    async def close(self) -> None:
        """Leave; raises nothing."""
