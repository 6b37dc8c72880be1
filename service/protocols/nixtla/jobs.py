"""Tasks of nixtla's SDK as jobs: taken, shown and cancelled as the SDK does it, kept and worked on as all jobs are."""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
from fastapi import APIRouter, Request, Response

from service.backtests.service import BacktestService
from service.deadline import Deadline
from service.errors import UnknownJob, Unprocessable
from service.http.body import ARROW, JSON, content_kind, read_body
from service.http.compression import decompress
from service.http.ids import ulid
from service.jobs.progress import Progress
from service.jobs.record import JobRecord
from service.jobs.result import write_part
from service.jobs.service import JobService
from service.jobs.work import Part
from service.protocols.container import Container, container_of
from service.protocols.nixtla.endpoint import written
from service.protocols.nixtla.requests import TaskRequest
from service.protocols.nixtla.task import Task, TaskContext
from service.threads import DECODING, JOBS

Tasks = Mapping[str, Task[Any]]
_PREFIX = "nixtla_"
_STATUS = {"queued": "pending"}
_ANSWER = "answer"


class TaskWork:
    """A task as the work of a job, done in one part; see ``JobWork``.

    Parameters
    ----------
    record : JobRecord
        The job.
    task : Task
        What is done.
    request : TaskRequest
        What was read.
    context : TaskContext
        Where it is done.
    """

    def __init__(self, record: JobRecord, task: Task[Any], request: TaskRequest, context: TaskContext) -> None:
        self._task, self._request, self._context = task, request, context
        model = task.model(request, context)
        self.model = model.identity
        self.plan = hashlib.sha256(f"{version('statecast')} {model.digest} {record.kind}".encode()).hexdigest()
        self.bounds: Sequence[int] = [0, len(request.series.sizes)]

    async def part(self, number: int, deadline: Deadline, progress: Progress) -> Part:  # noqa: ARG002 (there is but one)
        """Do all of it; see ``JobWork``."""
        found = await self._task.run(self._request, replace(self._context, deadline=deadline))

        def write() -> bytes:
            answer = pa.table({_ANSWER: pa.array([written(found)], pa.large_binary())})
            return write_part(answer, {"failed": 0, "warnings": found["warnings"]})

        return Part(await JOBS.run(write), 0)

    def summary(self, notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Give the warnings; see ``JobWork``."""
        warnings = [{**one, "item_id": None, "items": one["series"]} for note in notes for one in note["warnings"]]
        return {"warnings": warnings, "warned": len(warnings)}


def register_jobs(container: Container, tasks: Tasks) -> None:
    """Have tasks worked on as jobs, where the server has any.

    Parameters
    ----------
    container : Container
        Its ``job_readers`` get a reader for each.
    tasks : mapping of str to Task
        By the name in their path.
    """
    if container.services is None:
        return
    services, settings = container.services, container.settings
    runtime = services.forecasts.runtime
    backtests = BacktestService(runtime, runtime.bridge.add_behind)

    def reader(task: Task[Any]) -> Callable[[JobRecord, bytes, Deadline], TaskWork]:
        def read(record: JobRecord, data: bytes, deadline: Deadline) -> TaskWork:
            context = TaskContext(services, settings, record.owner, deadline, backtests, runtime.bridge.background)
            return TaskWork(record, task, task.read(data, settings), context)

        return read

    container.job_readers.update({f"{_PREFIX}{name}": reader(task) for name, task in tasks.items()})


def job_routes(tasks: Tasks) -> APIRouter:
    """Make the paths under which the SDK submits, watches and cancels jobs.

    Parameters
    ----------
    tasks : mapping of str to Task
        By the name in their path.
    """
    router = APIRouter(include_in_schema=False)

    def add(name: str, task: Task[Any]) -> None:
        async def submit(request: Request, response: Response) -> Any:
            response.status_code = 202
            return {"job_id": await _submitted(request, name, task)}

        async def show(request: Request, id: str) -> Any:
            return await _shown(request, name, id)

        router.add_api_route(f"/v2/{name}/async", submit, methods=["POST"])
        router.add_api_route(f"/v2/{name}/jobs/{{id}}", show, methods=["GET"])

    async def cancel(request: Request, id: str) -> Any:
        jobs = _jobs(container_of(request))
        await _find(jobs, request.state.owner, id, [*tasks])
        await jobs.cancel(request.state.owner, id)
        return {"job_id": id, "status": "cancelled"}

    for name, task in tasks.items():
        add(name, task)
    router.add_api_route("/v2/async/jobs/{id}/cancel", cancel, methods=["POST"])
    return router


def _jobs(container: Container) -> JobService:
    container.ready()
    if container.jobs is None:
        raise Unprocessable(
            "jobs: not supported by this server, whose STATECAST_PROTOCOLS leaves jobs out; call it without jobs",
            code="not_supported",
        )
    return container.jobs


async def _submitted(request: Request, name: str, task: Task[Any]) -> str:
    """Read a body, refuse at once what is wrong with it, and take it as a job."""
    container, headers = container_of(request), dict(request.scope["headers"])
    settings, jobs = container.settings, _jobs(container)
    content_kind(headers, (JSON,))
    body = await read_body(headers, request.receive, settings.max_body_bytes)
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")

    def read() -> bytes:
        plain = decompress(body, encoding, settings.max_body_bytes)
        if task.read(plain, settings).finetune_steps:
            raise Unprocessable(
                "finetune_steps: not supported in a job by this server, because tuning is one itself; call finetune() "
                "and give its id as finetuned_model_id",
                code="not_supported",
            )
        return plain

    plain, now = await DECODING.run(read), time.time()
    draft = JobRecord(
        id=f"job_{ulid()}", owner=request.state.owner, kind=f"{_PREFIX}{name}", created=now, until=now,
        content_type=JSON, result_type=ARROW, size=0, folder="", request_id=request.state.request_id,
    )  # fmt: skip

    async def whole() -> AsyncIterator[bytes]:
        yield plain

    return (await jobs.submit(draft, whole())).id


async def _find(jobs: JobService, owner: str, id: str, names: Sequence[str]) -> JobRecord:
    record = await jobs.find(owner, id)
    if record.kind not in [f"{_PREFIX}{name}" for name in names]:
        raise UnknownJob(
            f"job {id[:80]!r}: there is none of {' or '.join(names)}; GET /jobs lists those that there are"
        )
    return record


async def _shown(request: Request, name: str, id: str) -> Response:
    jobs, owner = _jobs(container_of(request)), request.state.owner
    record = await _find(jobs, owner, id, [name])
    answer: dict[str, Any] = {
        "job_id": id, "status": _STATUS.get(record.status, record.status), "result": None,
        "error": record.error["detail"] if record.error else None,
    }  # fmt: skip
    if record.status == "succeeded":
        _, file = await jobs.open_result(owner, id)
        answer["result"] = orjson.Fragment(await JOBS.run(_read, file))
    return Response(orjson.dumps(answer), media_type=JSON)


def _read(file: BinaryIO) -> bytes:
    with file, pa.ipc.open_stream(file) as stream:
        content: bytes = stream.read_all().column(_ANSWER)[0].as_py()
        return content
