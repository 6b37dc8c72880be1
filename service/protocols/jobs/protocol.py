"""The protocol ``jobs``: ``/jobs`` and what lies below."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter

from service.backtests.service import BacktestService
from service.deadline import Deadline
from service.jobs.folder import JobFolder
from service.jobs.record import FIT, JobRecord
from service.jobs.runner import LOOKED_EVERY_S
from service.jobs.service import JobService
from service.jobs.work import JobWork
from service.models.fitted_models import FittedModels
from service.protocols.container import Container, Services
from service.protocols.jobs.fit_work import FitWork
from service.protocols.jobs.kinds import KINDS
from service.protocols.jobs.routes import router
from service.protocols.jobs.table_work import read_work
from service.protocols.registry import PROTOCOLS, ClientProtocol
from service.threads import FILES

_log = logging.getLogger(__name__)


@PROTOCOLS.register("jobs")
class JobsProtocol(ClientProtocol):
    """Forecasts of whole tables, backtests, anomalies and fits in the background."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        if container.services is not None:
            container.jobs = _service(container, container.services)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep up with the models that jobs fit; see ``ClientProtocol``."""
        if self.container.services is None:
            yield
            return
        task = asyncio.create_task(_keep_up(self.container.services.fitted))
        try:
            yield
        finally:
            task.cancel()

    def routers(self) -> Sequence[APIRouter]:
        """Give ``/jobs``."""
        return (router,)


def _service(container: Container, services: Services) -> JobService:
    """Make what takes jobs and works on them, behind all requests."""
    runtime, settings = services.forecasts.runtime, container.settings
    backtests = BacktestService(runtime, runtime.bridge.add_behind)
    find_model = partial(services.catalogue.resolve, kind="forecaster")
    folder = JobFolder(settings.jobs_folder)

    def read(record: JobRecord, data: bytes, deadline: Deadline) -> JobWork:
        if record.kind == FIT:
            return FitWork(record, data, deadline, container, folder)
        if (reader := container.job_readers.get(record.kind)) is not None:
            return reader(record, data, deadline)
        kind = KINDS[record.kind](container, backtests)
        return read_work(record, data, deadline, kind=kind, settings=settings, find_model=find_model)

    return JobService(runtime.store, folder, settings, container.metrics, read)


async def _keep_up(fitted: FittedModels) -> None:
    """Serve what other replicas fit."""
    while True:
        await asyncio.sleep(LOOKED_EVERY_S)
        try:
            await FILES.run(fitted.refresh)
        except Exception:
            _log.exception("models that other replicas fitted cannot be served")
