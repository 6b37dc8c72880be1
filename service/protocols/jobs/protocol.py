"""The protocol ``jobs``: ``/jobs`` and what lies below."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from service.backtests.service import BacktestService
from service.deadline import Deadline
from service.jobs.record import JobRecord
from service.jobs.service import JobService
from service.jobs.work import JobWork
from service.protocols.container import Container, Services
from service.protocols.jobs.kinds import KINDS
from service.protocols.jobs.routes import router
from service.protocols.jobs.table_work import read_work
from service.protocols.registry import PROTOCOLS, ClientProtocol


@PROTOCOLS.register("jobs")
class JobsProtocol(ClientProtocol):
    """Forecasts of whole tables, backtests and anomalies in the background."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        if container.services is not None:
            container.jobs = _service(container, container.services)

    def routers(self) -> Sequence[APIRouter]:
        """Give ``/jobs``."""
        return (router,)


def _service(container: Container, services: Services) -> JobService:
    """Make what takes jobs and works on them, behind all requests."""
    runtime, settings = services.forecasts.runtime, container.settings
    backtests = BacktestService(runtime, runtime.bridge.add_behind)
    find_model = partial(services.catalogue.resolve, kind="forecaster")

    def read(record: JobRecord, data: bytes, deadline: Deadline) -> JobWork:
        if (reader := container.job_readers.get(record.kind)) is not None:
            return reader(record, data, deadline)
        kind = KINDS[record.kind](container, backtests)
        return read_work(record, data, deadline, kind=kind, settings=settings, find_model=find_model)

    return JobService(runtime.store, settings, read)
