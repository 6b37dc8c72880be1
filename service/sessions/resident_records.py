"""Sessions that the process knows better than the store, because they are streamed."""

from typing import Protocol

from service.scheduling.job import Lease
from service.stores.interface import Record, Touch


class ResidentRecords(Protocol):
    """What such sessions are now. Every method is called on the loop, by who has the session's turn."""

    def record(self, key: str) -> Record | None:
        """Give a session as it is now; None where it is not one of these; see ``Residents.record``."""

    def settle(self, record: Record) -> bool:
        """Take what another request left of a session; see ``Residents.settle``."""

    def evict(self, lease: Lease) -> Record | None:
        """Let go of a session that loses its slots, and give it; see ``Residents.evict``."""

    def drop(self, key: str) -> None:
        """Forget a session for good; see ``Residents.drop``."""

    def ended(self, now: float) -> list[str]:
        """Give the keys of those whose life has ended; see ``Residents.ended``."""

    def touches(self, until: float) -> list[Touch]:
        """Give the writes that keep the store from ending those that live on; see ``Residents.touches``."""


class NoResidents:
    """Where nothing is streamed; see ``ResidentRecords``."""

    def record(self, key: str) -> Record | None:  # noqa: ARG002
        """See ``ResidentRecords.record``."""
        return None

    def settle(self, record: Record) -> bool:  # noqa: ARG002
        """See ``ResidentRecords.settle``."""
        return False

    def evict(self, lease: Lease) -> Record | None:  # noqa: ARG002
        """See ``ResidentRecords.evict``."""
        return None

    def drop(self, key: str) -> None:
        """See ``ResidentRecords.drop``."""

    def ended(self, now: float) -> list[str]:  # noqa: ARG002
        """See ``ResidentRecords.ended``."""
        return []

    def touches(self, until: float) -> list[Touch]:  # noqa: ARG002
        """See ``ResidentRecords.touches``."""
        return []
