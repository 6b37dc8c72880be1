"""Admission of jobs: whether there is room for one more, and its file on its way to the disk."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from typing import BinaryIO, TypeVar

from service.errors import Loading, Malformed, TooLarge, TooManyJobs
from service.jobs.folder import JobFolder
from service.jobs.ledger import JobLedger
from service.jobs.record import JobRecord
from service.settings import Settings
from service.stores.interface import StoreError
from service.threads import JOBS, STORE

T = TypeVar("T")
_WRITTEN_AT_ONCE = 2**20
"""Bytes of a file that are gathered before a thread writes them."""


async def kept(work: Awaitable[T]) -> T:
    """Wait for what disk or store do; a failure becomes what a client can act on.

    Parameters
    ----------
    work : awaitable
        What is waited for.

    Raises
    ------
    Loading
        If disk or store failed; a file that is not there stays ``FileNotFoundError``.
    """
    try:
        return await work
    except FileNotFoundError:
        raise
    except (StoreError, OSError) as error:
        raise Loading(f"jobs: {error}; try again later", code="store_failed") from error


class JobAdmission:
    """Admits jobs. Lives on the event loop.

    Parameters
    ----------
    ledger : JobLedger
        The jobs.
    folder : JobFolder
        Their files.
    settings : Settings
        Limits.
    """

    def __init__(self, ledger: JobLedger, folder: JobFolder, settings: Settings) -> None:
        self._ledger, self._folder, self._settings = ledger, folder, settings
        self._coming: Counter[str] = Counter()

    async def admit(self, draft: JobRecord, body: AsyncIterator[bytes]) -> JobRecord:
        """Admit a job; once this returns it is kept.

        Parameters
        ----------
        draft : JobRecord
            What is known of it before its file has come.
        body : async iterator of bytes
            The file.

        Returns
        -------
        JobRecord
            As it is kept.

        Raises
        ------
        TooManyJobs, TooLarge, Malformed
            If the key has as many as it may, or there are too many of all, or the file is too large, or empty.
        Loading
            If disk or store cannot keep it.
        """
        self._coming[draft.owner] += 1
        try:
            await kept(self._check_room(draft.owner))
            return await kept(self._receive(draft, body))
        finally:
            self._coming[draft.owner] -= 1

    async def _check_room(self, owner: str) -> None:
        """Refuse what would be too many."""
        records, now = await STORE.run(lambda: list(self._ledger.each())), time.time()
        kept = [one for one in records if one.until > now]
        most, own = self._settings.max_jobs, sum(one.owner == owner and one.unfinished for one in kept)
        if own + self._coming[owner] > most:
            raise TooManyJobs(
                f"jobs: expected at most {most} unfinished ones of a key (STATECAST_MAX_JOBS), got one more; wait for "
                "one, or cancel one"
            )
        if len(kept) + self._coming.total() > self._settings.max_kept_jobs:
            raise TooManyJobs(
                f"jobs: expected at most {self._settings.max_kept_jobs} in all (STATECAST_MAX_KEPT_JOBS), got one "
                "more; delete results that are not needed any more"
            )

    async def _receive(self, draft: JobRecord, body: AsyncIterator[bytes]) -> JobRecord:
        """Have the file on the disk, then the job in the store."""
        await JOBS.run(self._folder.prepare)
        file = await JOBS.run(self._folder.begin, draft.id)
        try:
            size = await self._write(file, body)
            await JOBS.run(self._folder.keep, draft.id, file)
            until = time.time() + self._settings.job_ttl_s
            record = replace(draft, size=size, folder=self._folder.identity, until=until)
            await STORE.run(self._ledger.add, record)
        except BaseException:
            file.close()
            self._folder.remove(draft.id)
            raise
        return record

    async def _write(self, file: BinaryIO, body: AsyncIterator[bytes]) -> int:
        most = min(self._settings.max_job_bytes, self._settings.max_held_bytes)
        size, pieces = 0, bytearray()
        async for piece in body:
            size += len(piece)
            if size > most:
                raise TooLarge(
                    f"body: expected at most {most} bytes (STATECAST_MAX_JOB_BYTES, STATECAST_MAX_HELD_BYTES), got "
                    "more; compress it, or send it in several jobs"
                )
            pieces += piece
            if len(pieces) >= _WRITTEN_AT_ONCE:
                await JOBS.run(file.write, bytes(pieces))
                pieces.clear()
        if not size:
            raise Malformed("body: expected a file, got nothing; send one")
        await JOBS.run(file.write, bytes(pieces))
        return size
