"""What a message says: one value of one session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.delivery import Delivery


@dataclass(frozen=True, eq=False, slots=True)
class Observation:
    """One value of one session.

    Parameters
    ----------
    session : str
        Id of the session.
    series : mapping
        Its object in the request, ``POST /forecast``.
    delivery : Delivery
        The message.
    """

    session: str
    series: Mapping[str, Any]
    delivery: Delivery

    @property
    def known(self) -> bool:
        """Whether the server knows it again by itself, by a time or an index; else it needs an ``Idempotency-Key``."""
        return "timestamps" in self.series or "from_index" in self.series
