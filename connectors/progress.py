"""What was done so far, as a line of the log every few seconds."""

import logging
import time
from collections.abc import Sequence

from connectors.answer import Answer, DeadLetter

_log = logging.getLogger(__name__)


class Progress:
    """Counts.

    Parameters
    ----------
    every_s : float
        Seconds from one line to the next.

    Attributes
    ----------
    messages, counted, duplicates, dead, published : int
        Messages that came, observations that sessions had not had, those that they had, dead letters, forecasts.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s, self._began = every_s, time.monotonic()
        self._said_at, self._said = self._began, 0
        self.messages = self.counted = self.duplicates = self.dead = self.published = 0

    def add(self, messages: int, outcomes: Sequence[Answer | DeadLetter], published: int) -> None:
        """Count what was answered.

        Parameters
        ----------
        messages : int
            That were taken.
        outcomes : sequence of Answer or DeadLetter
            What became of them.
        published : int
            Forecasts that were written.
        """
        answers = [one for one in outcomes if isinstance(one, Answer)]
        duplicates = sum(one.duplicate for one in answers)
        self.messages += messages
        self.counted += len(answers) - duplicates
        self.duplicates += duplicates
        self.dead += len(outcomes) - len(answers)
        self.published += published

    @property
    def due(self) -> bool:
        """Whether it is time for a line."""
        return time.monotonic() - self._said_at >= self._every_s

    def report(self, lag: int | None) -> None:
        """Write the line.

        Parameters
        ----------
        lag : int or None
            Messages that wait at the broker, where it says.
        """
        now = time.monotonic()
        rate = (self.messages - self._said) / max(now - self._said_at, 1e-9)
        self._said_at, self._said = now, self.messages
        waiting = "lag not known" if lag is None else f"lag {lag}"
        _log.info("%s, %.0f messages/s, %s", self, rate, waiting)

    def __str__(self) -> str:
        """What was done, in words."""
        seconds = time.monotonic() - self._began
        return (
            f"{self.messages} messages in {seconds:.0f} s: {self.counted} counted, {self.duplicates} seen before, "
            f"{self.dead} dead letters, {self.published} forecasts"
        )
