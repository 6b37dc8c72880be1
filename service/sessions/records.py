"""Where the registry has records from: streamed sessions know themselves, all others are read from the store."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from service.errors import Loading, ServiceError
from service.scheduling.job import Lease
from service.stores.interface import Record, SharedStore, Store, StoreError, Touch
from service.threads import STORE

Stored = Record | ServiceError | None
"""A session, why it cannot be read, or None where there is none."""


async def read_each(store: Store, keys: Sequence[str]) -> Mapping[str, Stored]:
    """Read sessions.

    Parameters
    ----------
    store : Store
        The truth.
    keys : sequence of str
        Of the sessions.

    Returns
    -------
    mapping of str to (Record, ServiceError or None)
        By their keys.
    """

    def read() -> dict[str, Stored]:
        records: dict[str, Stored] = {}
        for key in keys:
            try:
                records[key] = store.get(key)
            except StoreError as error:
                records[key] = _failed(error)
        return records

    return await STORE.run(read)


async def read_changed(store: SharedStore, known: Mapping[str, str]) -> Mapping[str, Stored]:
    """Read the sessions that are not as they are known; see ``SharedStore.changed``.

    Parameters
    ----------
    store : SharedStore
        The truth.
    known : mapping of str to str
        Keys and digests.

    Returns
    -------
    mapping of str to (Record, ServiceError or None)
        Those that differ; all where the store failed.
    """
    try:
        return await STORE.run(store.changed, known)
    except StoreError as error:
        return dict.fromkeys(known, _failed(error))


def _failed(error: StoreError) -> Loading:
    return Loading(f"sessions: {error}", code="store_failed")


class ResidentRecords(Protocol):
    """What streamed sessions are now, which the process knows better than the store.

    Every method is called on the loop, by who has the session's turn.
    """

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
