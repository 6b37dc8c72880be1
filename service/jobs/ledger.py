"""Jobs in the store of the sessions: every change goes on from what was read, whoever else changes them."""

from collections.abc import Callable, Iterator

from service.jobs.record import JobRecord
from service.stores.documents.document import Document
from service.stores.interface import Moved, Store, StoreError

_PREFIX = "jobs/"
_READ_AT_ONCE = 256
_ATTEMPTS = 100
"""Times that a change is made anew because another came first."""

Change = Callable[[JobRecord], JobRecord | None]
"""What becomes of a job; None to leave it as it is."""


class JobLedger:
    """Reads and writes jobs. Every method may be called from any thread; errors are ``StoreError``.

    Parameters
    ----------
    store : Store
        Of the sessions.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, owner: str, job: str) -> JobRecord | None:
        """Read a job.

        Parameters
        ----------
        owner : str
            Whose it must be.
        job : str
            Its id.

        Returns
        -------
        JobRecord or None
            None where this owner has none.
        """
        found = self._document(_key(owner, job))
        return None if found is None else _record(found)

    def each(self, owner: str | None = None, after: str = "") -> Iterator[JobRecord]:
        """Read jobs in the order in which they came; those of all owners, owner by owner.

        Parameters
        ----------
        owner : str or None
            Whose; None for all.
        after : str
            Of one owner only those behind the job of this id.
        """
        prefix = _PREFIX if owner is None else _key(owner, "")
        behind = prefix + after if after else ""
        while True:
            found = self._store.documents(prefix, behind, _READ_AT_ONCE)
            yield from map(_record, found)
            if len(found) < _READ_AT_ONCE:
                return
            behind = found[-1].key

    def add(self, record: JobRecord) -> None:
        """Keep a new job.

        Parameters
        ----------
        record : JobRecord
            Of an id that no other has.
        """
        self._store.commit([Document(_key(record.owner, record.id), 1, record.to_bytes(), record.until)])

    def change(self, owner: str, job: str, change: Change) -> JobRecord | None:
        """Change a job as it stands by then.

        Parameters
        ----------
        owner : str
            Whose it must be.
        job : str
            Its id.
        change : Change
            Called again with what another change made of it, where that came first.

        Returns
        -------
        JobRecord or None
            As it stands now; None where it was left as it is, or there is none.
        """
        for _ in range(_ATTEMPTS):
            found = self._document(_key(owner, job))
            after = None if found is None else change(_record(found))
            if found is None or after is None:
                return None
            try:
                self._store.commit([Document(found.key, found.revision + 1, after.to_bytes(), after.until)])
            except Moved:
                continue
            return after
        raise StoreError(f"job {job!r} was changed by others over and over")

    def remove(self, owner: str, job: str) -> None:
        """Forget a job.

        Parameters
        ----------
        owner : str
            Whose it is.
        job : str
            Its id.
        """
        for _ in range(_ATTEMPTS):
            found = self._document(_key(owner, job))
            if found is None:
                return
            try:
                self._store.commit([Document(found.key, found.revision + 1, None, found.until)])
            except Moved:
                continue
            return

    def _document(self, key: str) -> Document | None:
        found = self._store.documents(key, "", 1)
        return found[0] if found and found[0].key == key else None


def _key(owner: str, job: str) -> str:
    return f"{_PREFIX}{owner}/{job}"


def _record(document: Document) -> JobRecord:
    try:
        return JobRecord.from_bytes(document.content or b"")
    except (ValueError, TypeError) as error:
        raise StoreError(f"{document.key}: the job is damaged ({error})") from error
