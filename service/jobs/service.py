"""Jobs of clients: taken, listed, cancelled, and their results. Lives on the event loop."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from typing import BinaryIO

from service.errors import JobConflict, JobFileGone, Loading, UnknownJob, Unprocessable
from service.jobs.admission import JobAdmission, kept
from service.jobs.folder import JobFolder
from service.jobs.ledger import JobLedger
from service.jobs.record import FIT, JobRecord
from service.jobs.runner import JobRunner
from service.jobs.training import check_installed
from service.jobs.work import Reader
from service.metrics import Metrics
from service.settings import Settings
from service.stores.interface import SharedStore, Store
from service.threads import JOBS, STORE


class JobService:
    """What clients do with jobs, once per app; ``start`` once the models are warm, ``stop`` before they are gone.

    Parameters
    ----------
    store : Store
        Where jobs are kept.
    folder : JobFolder
        Of the files.
    settings : Settings
        Limits.
    metrics : Metrics
        Where jobs are counted.
    read : Reader
        Reads the files.
    """

    def __init__(self, store: Store, folder: JobFolder, settings: Settings, metrics: Metrics, read: Reader) -> None:
        self._settings, self._ledger, self._folder = settings, JobLedger(store), folder
        self._metrics = metrics
        # Fits take minutes to hours: no table waits for one, nor does a fit for tables.
        turns = [lambda record: record.kind != FIT, *[lambda record: record.kind == FIT] * _fits(settings)]
        holder, shared = secrets.token_hex(8), isinstance(store, SharedStore)
        self._runners = [
            JobRunner(self._ledger, folder, read, takes, holder, metrics, shared=shared, kept_s=settings.job_ttl_s)
            for takes in turns
        ]
        self._admission = JobAdmission(self._ledger, folder, settings)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Work on jobs from now on."""
        self._tasks = [asyncio.create_task(runner.run()) for runner in self._runners]

    async def stop(self) -> None:
        """Stop working; what is at work goes on elsewhere, or after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def submit(self, draft: JobRecord, body: AsyncIterator[bytes]) -> JobRecord:
        """Take a job; once this returns it is kept. See ``JobAdmission.admit``."""
        record = await self._admission.admit(draft, body)
        for runner in self._runners:
            runner.wake()
        return record

    async def find(self, owner: str, job: str) -> JobRecord:
        """Give a job as it stands.

        Parameters
        ----------
        owner : str
            Whose it must be.
        job : str
            Its id.

        Raises
        ------
        UnknownJob
            If this owner has none.
        Loading
            If the store cannot be read.
        """
        record = await kept(STORE.run(self._ledger.find, owner, job))
        if record is None or record.until <= time.time():
            raise _unknown(job)
        return record

    async def page(self, owner: str, after: str, limit: int) -> list[JobRecord]:
        """Give jobs in the order in which they came.

        Parameters
        ----------
        owner : str
            Whose.
        after : str
            Only those behind this id.
        limit : int
            How many at most.

        Raises
        ------
        Loading
            If the store cannot be read.
        """

        def read() -> list[JobRecord]:
            now, found = time.time(), []
            for one in self._ledger.each(owner, after):
                if one.until > now:
                    found.append(one)
                if len(found) == limit:
                    break
            return found

        return await kept(STORE.run(read))

    async def cancel(self, owner: str, job: str) -> JobRecord:
        """End a job that is not finished; its files go.

        Parameters
        ----------
        owner : str
            Whose it must be.
        job : str
            Its id.

        Returns
        -------
        JobRecord
            Cancelled.

        Raises
        ------
        UnknownJob, JobConflict, Loading
            If there is none, it is finished, or the store cannot be written.
        """
        now = time.time()

        def end(record: JobRecord) -> JobRecord | None:
            return record.ended("cancelled", now, self._settings.job_ttl_s) if record.unfinished else None

        before = await self.find(owner, job)
        after = await kept(STORE.run(self._ledger.change, owner, job, end))
        if after is not None:
            self._metrics.jobs.labels(after.kind, "cancelled").inc()
            for runner in self._runners:
                runner.drop(job)
            if before.status == "queued" and before.folder == self._folder.identity:
                await JOBS.run(self._folder.remove, job)
            return after
        found = await self.find(owner, job)
        if found.status != "cancelled":
            raise JobConflict(
                f"job {job!r}: expected an unfinished one, got one that {found.status}; DELETE its result instead",
                code="job_finished",
            )
        return found

    async def open_result(self, owner: str, job: str) -> tuple[JobRecord, BinaryIO]:
        """Open the result of a job.

        Parameters
        ----------
        owner : str
            Whose it must be.
        job : str
            Its id.

        Returns
        -------
        JobRecord
            The job.
        BinaryIO
            The result; the caller closes it.

        Raises
        ------
        UnknownJob, JobConflict, JobFileGone, Loading
            If there is none, it has no result (yet), the result is gone, or lies in the folder of another server.
        """
        record = await self.find(owner, job)
        if record.status != "succeeded":
            raise _no_result(record)
        if record.folder != self._folder.identity:
            raise Loading(
                f"job {job!r}: its result lies in the folder of another server; have all share STATECAST_JOBS_FOLDER",
                code="job_elsewhere",
            )
        try:
            return record, await kept(JOBS.run(self._folder.open_result, job))
        except FileNotFoundError:
            raise JobFileGone(
                f"job {job!r}: its result is gone from STATECAST_JOBS_FOLDER; send the job again"
            ) from None

    async def forget(self, owner: str, job: str) -> None:
        """Delete a finished job and its result.

        Parameters
        ----------
        owner : str
            Whose it must be.
        job : str
            Its id.

        Raises
        ------
        UnknownJob, JobConflict, Loading
            If there is none, it is not finished, or the store cannot be written.
        """
        record = await self.find(owner, job)
        if record.unfinished:
            raise _no_result(record)
        await kept(STORE.run(self._ledger.remove, owner, job))
        if record.folder == self._folder.identity:
            await JOBS.run(self._folder.remove, job)


def _fits(settings: Settings) -> int:
    """How many fits are at work at a time; another server that shares the folder may take those of this one."""
    try:
        check_installed()
    except Unprocessable:
        return 0
    return settings.fits


def _unknown(job: str) -> UnknownJob:
    return UnknownJob(f"job {job[:80]!r}: there is none, or it has expired; GET /jobs lists those that there are")


def _no_result(record: JobRecord) -> JobConflict:
    if record.unfinished:
        return JobConflict(f"job {record.id!r} is {record.status}; wait until it has succeeded", code="job_unfinished")
    reason = f": {record.error['detail']}" if record.error else ""
    how = "was cancelled" if record.status == "cancelled" else "failed"
    return JobConflict(f"job {record.id!r} {how}{reason}; it has no result", code="job_failed")
