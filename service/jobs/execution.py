"""The course of a job, from its file to its result: read, done part by part, joined."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from service.deadline import Deadline
from service.errors import JobFileGone, ServiceError
from service.jobs.folder import JobFolder
from service.jobs.progress import Progress
from service.jobs.record import JobRecord
from service.jobs.result import read_note, write_result
from service.jobs.work import JobWork, Reader
from service.threads import JOBS

PART_S = 86_400.0
"""Seconds that a part may take, behind whatever else there is."""
MOST_TRIES = 5
"""Times that work on a job begins without another part being done."""


class Lost(Exception):
    """The job is no longer ours: it was cancelled, or another server took it over."""


class Execution:
    """The work on one job.

    Parameters
    ----------
    record : JobRecord
        The job.
    folder : JobFolder
        Its files.
    read : Reader
        Reads its file.
    save : callable
        Keeps how far it is; gives whether the job still is ours.

    Attributes
    ----------
    progress : Progress
        How far it is.
    """

    def __init__(
        self, record: JobRecord, folder: JobFolder, read: Reader, save: Callable[[Progress], Awaitable[bool]]
    ) -> None:
        self.progress = Progress.of(record)
        self._record, self._folder, self._read, self._save = record, folder, read, save

    async def run(self) -> tuple[dict[str, Any], int]:
        """Do what is left of the job.

        Returns
        -------
        dict
            What its kind says of the whole.
        int
            Bytes of the result, which is in the folder then.

        Raises
        ------
        ServiceError
            If it failed; one that is ``Loading`` or ``QueueFull`` may do better later.
        OSError, StoreError
            If the disk or the store did.
        Lost
            If the job is no longer ours.
        """
        if self.progress.tries > MOST_TRIES:
            raise ServiceError(
                f"the work ended {MOST_TRIES} times without getting any further, perhaps for want of memory; send the "
                "file in several jobs"
            )
        job = self._record.id
        try:
            data = await JOBS.run(self._folder.read_input, job)
        except FileNotFoundError:
            raise JobFileGone("the job's file is gone from STATECAST_JOBS_FOLDER; send the job again") from None
        deadline = Deadline(time.monotonic() + PART_S)
        try:
            work = await JOBS.run(self._read, self._record, data, deadline)
            del data
            await self._do_parts(work, deadline)
        except asyncio.CancelledError:
            deadline.leave()
            raise
        paths = list((await JOBS.run(self._folder.parts, job)).values())
        notes = await JOBS.run(lambda: [read_note(path) for path in paths])
        kind = self._record.result_type
        size = await JOBS.run(self._folder.write_result, job, lambda file: write_result(paths, kind, file))
        return work.summary(notes), size

    async def _do_parts(self, work: JobWork, deadline: Deadline) -> None:
        """Do the parts that are not there yet."""
        progress, job = self.progress, self._record.id
        progress.total = work.bounds[-1]
        if progress.plan != work.plan:
            await JOBS.run(self._folder.drop_parts, job)
            progress.plan, progress.model = work.plan, work.model
            if not await self._save(progress):
                raise Lost
        there = await JOBS.run(self._folder.parts, job)
        progress.done = progress.failed = 0
        for number, end in enumerate(work.bounds[1:]):
            if number in there:
                progress.failed += int((await JOBS.run(read_note, there[number]))["failed"])
            else:
                deadline.at = time.monotonic() + PART_S
                part = await work.part(number, deadline, progress)
                await JOBS.run(self._folder.write_part, job, number, part.content)
                progress.failed += part.failed
                progress.tries = 0
            progress.done = end
