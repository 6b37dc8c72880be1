"""Works on jobs, one at a time, the oldest first: a lease says that nobody else does. Lives on the event loop."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from service.errors import DEFECT, Loading, QueueFull, ServiceError, TooLarge
from service.http.problems import problem
from service.jobs.execution import MOST_TRIES, Execution, Lost
from service.jobs.folder import JobFolder
from service.jobs.ledger import JobLedger
from service.jobs.progress import Progress
from service.jobs.record import JobRecord, Status
from service.jobs.work import Reader
from service.metrics import Metrics
from service.stores.interface import StoreError
from service.threads import JOBS, STORE

LEASE_S = 30.0
"""Seconds after which others take over what nobody goes on with."""
RENEWED_EVERY_S = 2.0
"""Seconds between two notes of how far the work is, with which the lease begins anew."""
LOOKED_EVERY_S = 5.0
"""Seconds between two looks for jobs of others."""
SWEPT_EVERY_S = 600.0
AGAIN_S = 5.0
"""Seconds until work begins again that could not go on."""

_log = logging.getLogger(__name__)


class JobRunner:
    """Works on the jobs of a folder, whichever server took them. A server may have several, each for some kinds.

    Parameters
    ----------
    ledger : JobLedger
        The jobs.
    folder : JobFolder
        Their files.
    read : Reader
        Reads them.
    takes : callable
        Whether it works on a job.
    holder : str
        Name of this process in what it works on.
    metrics : Metrics
        Where jobs are counted.
    shared : bool
        Whether other processes work on the same jobs; if not, a lease of another is that of a process that died.
    kept_s : float
        Seconds for which a job is kept after its end.
    """

    def __init__(
        self,
        ledger: JobLedger,
        folder: JobFolder,
        read: Reader,
        takes: Callable[[JobRecord], bool],
        holder: str,
        metrics: Metrics,
        *,
        shared: bool,
        kept_s: float,
    ) -> None:
        self._ledger, self._folder, self._read, self._takes = ledger, folder, read, takes
        self._holder, self._metrics, self._shared, self._kept_s = holder, metrics, shared, kept_s
        self._wake = asyncio.Event()
        self._kinds: set[str] = set()
        self._current: tuple[str, asyncio.Task[None]] | None = None
        self._swept = -SWEPT_EVERY_S

    def wake(self) -> None:
        """Look for jobs now."""
        self._wake.set()

    def drop(self, job: str) -> None:
        """End the work on a job, if this is at it.

        Parameters
        ----------
        job : str
            Its id.
        """
        if self._current is not None and self._current[0] == job:
            self._current[1].cancel()

    async def run(self) -> None:
        """Work until cancelled; what is at work then goes on elsewhere, or here after the next start."""
        while True:
            self._wake.clear()
            record = None
            try:
                await self._sweep()
                record = await STORE.run(self._claim)
            except (StoreError, OSError) as error:
                _log.warning("jobs wait: %s", error)
            if record is not None:
                await self._work_on(record)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOKED_EVERY_S):
                    await self._wake.wait()

    def _claim(self) -> JobRecord | None:
        """Take the oldest job that nobody works on."""
        identity, now = self._folder.identity, time.time()
        if not identity:
            return None
        here = (one for one in self._ledger.each() if one.folder == identity and self._takes(one))
        waiting = [one for one in here if self._is_free(one, now)]
        self._count_waiting(waiting)
        for one in sorted(waiting, key=lambda one: one.id):
            taken = self._ledger.change(one.owner, one.id, self._taken)
            if taken is not None:
                return taken
        return None

    def _count_waiting(self, waiting: Sequence[JobRecord]) -> None:
        counts = Counter(one.kind for one in waiting)
        self._kinds |= counts.keys()
        for kind in self._kinds:
            self._metrics.jobs_waiting.labels(kind).set(counts[kind])

    def _is_free(self, record: JobRecord, now: float) -> bool:
        abandoned = record.status == "running" and not self._shared and record.holder != self._holder
        return record.unfinished and record.until > now and (abandoned or record.lease <= now)

    def _taken(self, record: JobRecord) -> JobRecord | None:
        now = time.time()
        if not self._is_free(record, now):
            return None
        held = self._held(record)
        return replace(held, status="running", holder=self._holder, started=record.started or now, tries=held.tries + 1)

    def _held(self, record: JobRecord) -> JobRecord:
        now = time.time()
        return replace(record, lease=now + LEASE_S, until=now + self._kept_s)

    async def _work_on(self, record: JobRecord) -> None:
        """Have a job done, and say how far it is meanwhile, as long as it is ours."""

        async def save(progress: Progress) -> bool:
            return await self._change(record, lambda own: self._held(progress.noted(own)))

        execution = Execution(record, self._folder, self._read, save)
        task = asyncio.ensure_future(self._complete(record, execution))
        self._current = record.id, task
        running = self._metrics.jobs_running.labels(record.kind)
        running.inc()
        try:
            while not task.done():
                await asyncio.wait((task,), timeout=RENEWED_EVERY_S)
                try:
                    if not task.done() and not await save(execution.progress):
                        task.cancel()
                        await asyncio.wait((task,))
                except StoreError as error:  # the work goes on; others may begin it too, and come to the same
                    _log.warning("job %s: how far it is could not be kept: %s", record.id, error)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait((task,))
            execution.progress.tries = max(0, execution.progress.tries - 1)
            await self._put_back(record, execution.progress, 0.0)
            raise
        finally:
            self._current = None
            running.dec()
            self._metrics.job_rows.labels(record.kind).inc(max(0, execution.progress.done - record.done))
        if task.cancelled():
            await self._clean(record)
        elif (failure := task.exception()) is not None:  # its lease will end, and work on it begin again
            _log.warning("job %s: %s", record.id, failure)

    async def _change(self, record: JobRecord, change: Callable[[JobRecord], JobRecord]) -> bool:
        """Change a job that is ours; gives whether it was."""

        def own(found: JobRecord) -> JobRecord | None:
            return change(found) if (found.status, found.holder) == ("running", self._holder) else None

        return await STORE.run(self._ledger.change, record.owner, record.id, own) is not None

    async def _complete(self, record: JobRecord, execution: Execution) -> None:
        """Do what is left of a job, and keep what came of it."""
        progress = execution.progress
        try:
            summary, size = await execution.run()
        except Lost:
            await self._clean(record)
        except (Loading, QueueFull) as error:
            await self._again(record, progress, error)
        except (StoreError, OSError) as error:
            await self._again(record, progress, Loading(f"jobs: {error}", code="store_failed"))
        except ServiceError as error:
            await self._fail(record, progress, error)
        except MemoryError:
            none = TooLarge("body: to read it takes more than there is of memory; send it in several jobs")
            await self._fail(record, progress, none)
        except Exception:
            _log.exception("job %s failed", record.id)
            await self._fail(record, progress, ServiceError(DEFECT))
        else:
            await self._end(
                record, "succeeded", lambda own: replace(progress.noted(own), summary=summary, result_size=size)
            )

    async def _again(self, record: JobRecord, progress: Progress, error: ServiceError) -> None:
        """Try once more a little later, unless that was tried often enough."""
        if progress.tries >= MOST_TRIES:
            await self._fail(record, progress, error)
        else:
            _log.warning("job %s is tried again: %s", record.id, error.detail)
            await self._put_back(record, progress, AGAIN_S)

    async def _put_back(self, record: JobRecord, progress: Progress, pause_s: float) -> None:
        def back(own: JobRecord) -> JobRecord:
            return replace(progress.noted(own), status="queued", holder="", lease=time.time() + pause_s)

        try:
            await self._change(record, back)
        except StoreError as error:  # its lease will end
            _log.warning("job %s: %s", record.id, error)

    async def _fail(self, record: JobRecord, progress: Progress, error: ServiceError) -> None:
        told = problem(error, record.request_id)
        await self._end(record, "failed", lambda own: replace(progress.noted(own), error=told))

    async def _end(self, record: JobRecord, status: Status, noted: Callable[[JobRecord], JobRecord]) -> None:
        """Keep how a job ended, and delete what nobody needs any more."""
        now = time.time()
        if await self._change(record, lambda own: noted(own).ended(status, now, self._kept_s)):
            self._metrics.jobs.labels(record.kind, status).inc()
            self._metrics.job_seconds.labels(record.kind).observe(now - (record.started or now))
        await self._clean(record)

    async def _clean(self, record: JobRecord) -> None:
        """Delete what nobody needs of the files of a job that is over."""
        with contextlib.suppress(StoreError, OSError):
            found = await STORE.run(self._ledger.find, record.owner, record.id)
            if found is None or found.status in ("failed", "cancelled"):
                await JOBS.run(self._folder.remove, record.id)
            elif found.status == "succeeded":
                await JOBS.run(self._folder.tidy, record.id)

    async def _sweep(self) -> None:
        """Now and again delete files of jobs that are over or expired."""
        if time.monotonic() - self._swept >= SWEPT_EVERY_S and self._folder.identity:
            self._swept = time.monotonic()
            known = {one.id: one for one in await STORE.run(lambda: list(self._ledger.each()))}
            await JOBS.run(self._folder.sweep, known, self._kept_s)
