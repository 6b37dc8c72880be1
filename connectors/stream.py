"""The loop that all brokers share: receive, forecast, publish, acknowledge."""

import logging
import time
from collections.abc import Sequence

from connectors.answer import Answer, DeadLetter
from connectors.batches import split_batches
from connectors.broker import Broker
from connectors.delivery import Delivery
from connectors.errors import BrokerLost, PoisonMessage
from connectors.forecasting import Forecasting
from connectors.messages.message_format import MessageFormat
from connectors.observation import Observation
from connectors.progress import Progress
from connectors.shutdown import Shutdown

_log = logging.getLogger(__name__)
_WAIT_S = 0.5
"""Longest wait for a message, so that a signal is seen."""
_FIRST_S, _LONGEST_S = 0.2, 10.0


class Stream:
    """Carries messages from a broker to sessions and forecasts back.

    A window of messages is taken, answered in batches, and acknowledged. A batch's forecasts are with the broker before
    the next batch is sent: so of each session at most the last observation can lack its forecast after a crash, and
    the state after that one is the session's state now.

    Parameters
    ----------
    broker : Broker
        Source and sink.
    forecasting : Forecasting
        Reaches the service.
    form : MessageFormat
        Reads messages.
    progress : Progress
        Counts.
    shutdown : Shutdown
        Says when to stop.
    most : int
        Messages of a window.
    """

    def __init__(
        self,
        broker: Broker,
        forecasting: Forecasting,
        form: MessageFormat,
        progress: Progress,
        shutdown: Shutdown,
        most: int = 512,
    ) -> None:
        self._broker, self._forecasting, self._form = broker, forecasting, form
        self._progress, self._shutdown, self._most = progress, shutdown, most

    async def run(self, until_idle_s: float | None = None) -> None:
        """Run until it is to stop.

        Parameters
        ----------
        until_idle_s : float or None
            Stop where nothing has come for so many seconds; None goes on for ever.

        Raises
        ------
        ConnectorError
            If it cannot go on; what is not acknowledged comes again at the next start.
        """
        wait_s = _FIRST_S
        try:
            while not self._shutdown.requested:
                try:
                    await self._broker.open()
                    wait_s = _FIRST_S
                    await self._carry(until_idle_s)
                except BrokerLost as error:
                    _log.warning("the broker is away, next try in %.1f s: %s", wait_s, error)
                    await self._broker.close()
                    await self._shutdown.rest(wait_s)
                    wait_s = min(2 * wait_s, _LONGEST_S)
        finally:
            await self._broker.close()
            _log.info("ended: %s", self._progress)

    async def _carry(self, until_idle_s: float | None) -> None:
        last = time.monotonic()
        while not self._shutdown.requested:
            deliveries = await self._broker.receive(self._most, _WAIT_S)
            if deliveries:
                await self._window(deliveries)
                last = time.monotonic()
            elif until_idle_s is not None and time.monotonic() - last >= until_idle_s:
                self._shutdown.request()
            if self._progress.due:
                self._progress.report(await self._broker.lag())

    async def _window(self, deliveries: Sequence[Delivery]) -> None:
        """Answer and acknowledge what was received together."""
        observations, poison = self._read(deliveries)
        await self._settle(poison, messages=len(poison))
        for batch in split_batches(observations):
            outcomes = await self._forecasting.forecast(batch)
            await self._settle(outcomes, messages=len(batch))
        await self._broker.acknowledge(deliveries)

    def _read(self, deliveries: Sequence[Delivery]) -> tuple[list[Observation], list[DeadLetter]]:
        observations, poison = [], []
        for delivery in deliveries:
            try:
                observations.append(self._form.read(delivery))
            except PoisonMessage as error:
                poison.append(DeadLetter(delivery, error.code, str(error)))
        return observations, poison

    async def _settle(self, outcomes: Sequence[Answer | DeadLetter], messages: int) -> None:
        """Have the broker take what came of messages."""
        answers = [one for one in outcomes if isinstance(one, Answer) and not one.superseded]
        letters = [one for one in outcomes if isinstance(one, DeadLetter)]
        for letter in letters:
            _log.warning("dead letter %s: %s: %s", letter.delivery.place, letter.code, letter.detail)
        if answers:
            await self._broker.publish(answers)
        if letters:
            await self._broker.reject(letters)
        self._progress.add(messages, outcomes, len(answers))
