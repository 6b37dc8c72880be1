"""``/jobs``: taken, shown, listed, cancelled, and their results."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from service.errors import Malformed
from service.http.body import ARROW, CSV, JSON, PARQUET
from service.jobs.record import JobRecord
from service.jobs.service import JobService
from service.protocols.container import container_of
from service.protocols.jobs.draft import draft_of
from service.protocols.jobs.fit_parameters import FIT
from service.protocols.jobs.schemas import JOB, Job, Jobs
from service.protocols.openapi import failures, query_parameters
from service.serving.views import instant

router = APIRouter(tags=["jobs"])
PathId = Annotated[str, Path(min_length=1)]
_TABLE = {"type": "string", "description": "Long table: item_id, timestamp, target, resolution and covariate columns."}
_FORMS = {"csv": CSV, "arrow": ARROW, "parquet": PARQUET}
_READ_AT_ONCE = 2**18


# To describe the parameters and bodies of three endpoints once more would say nothing new; those of a fit are its own.
_FILE = {
    "required": True,
    "content": {
        CSV: {"schema": {"description": _TABLE["description"]}},
        ARROW: {"schema": {"description": _TABLE["description"]}},
        PARQUET: {"schema": {"description": _TABLE["description"]}},
        JSON: {
            "schema": {"description": "Body of the endpoint whose work this is; the job says what is wrong with it."}
        },
    },
}


def _jobs(request: Request) -> JobService:
    container = container_of(request)
    container.loaded()
    assert container.jobs is not None
    return container.jobs


@router.post(
    "/jobs",
    status_code=202,
    response_model=Job,
    responses=failures(400, 404, 413, 415, 422, 429, 503),
    openapi_extra={"parameters": [*query_parameters(JOB), *query_parameters(FIT)], "requestBody": _FILE},
)
async def submit_job(request: Request, response: Response) -> Any:
    """Have long work done on a whole file, behind all requests: a forecast, a backtest, or anomalies of each series.

    The file is what the endpoint of that name takes, table or JSON, and so are the parameters beside it. Its result is
    the table that the endpoint answers. A fit trains a model on a table, serves it, and answers its table of errors.
    The header ``Location`` leads to the job.

    Parameters
    ----------
    request : Request
        Its app holds the container; its body is the file.
    response : Response
        Gets the job's path as its ``Location``.
    """
    record = await _jobs(request).submit(draft_of(request.scope, container_of(request)), _body(request))
    response.headers["Location"] = f"/jobs/{record.id}"
    return _shown(record)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise Malformed("body: it is cut off; send it whole") from None


@router.get("/jobs", response_model=Jobs, responses=failures(422, 503))
async def list_jobs(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=1000, description="Jobs in a page.")] = 100,
    cursor: Annotated[str, Query(max_length=200, description="What the page before gave.")] = "",
) -> Any:
    """The caller's jobs in pages, the oldest first.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    limit : int
        Jobs in a page.
    cursor : str
        What the page before gave.
    """
    found = await _jobs(request).page(request.state.owner, cursor, limit + 1)
    page = found[:limit]
    return {"jobs": list(map(_shown, page)), "cursor": page[-1].id if len(found) > limit else None}


@router.get("/jobs/{id}", response_model=Job, responses=failures(404, 503))
async def show_job(request: Request, id: PathId) -> Any:
    """A job as it stands: how far it is, why it failed, where its result is.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the job, as the path has it.
    """
    return _shown(await _jobs(request).find(request.state.owner, id))


@router.delete("/jobs/{id}", response_model=Job, responses=failures(404, 409, 503))
async def cancel_job(request: Request, id: PathId) -> Any:
    """Cancel a job that is not finished; its files go at once.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the job, as the path has it.
    """
    return _shown(await _jobs(request).cancel(request.state.owner, id))


@router.get(
    "/jobs/{id}/result",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                CSV: {"schema": _TABLE},
                **{kind: {"schema": _TABLE | {"format": "binary"}} for kind in (ARROW, PARQUET)},
            }
        },
        **failures(404, 409, 410, 503),
    },
)
async def read_result(request: Request, id: PathId) -> Response:
    """The result of a job that has succeeded, a table with the rows of all series in the order of the file.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the job, as the path has it.
    """
    record, file = await _jobs(request).open_result(request.state.owner, id)
    form = next(name for name, kind in _FORMS.items() if kind == record.result_type)
    headers = {
        "content-length": str(record.result_size), "content-disposition": f'attachment; filename="{record.id}.{form}"'
    }  # fmt: skip
    return StreamingResponse(_pieces(file), media_type=record.result_type, headers=headers)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_READ_AT_ONCE):
            yield piece


@router.delete(
    "/jobs/{id}/result", status_code=204, response_class=Response, responses=failures(404, 409, 503)
)  # fmt: skip
async def forget_job(request: Request, id: PathId) -> None:
    """Delete a finished job with its result, before it expires.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the job, as the path has it.
    """
    await _jobs(request).forget(request.state.owner, id)


def _shown(record: JobRecord) -> dict[str, Any]:
    def time(seconds: float | None) -> str | None:
        return None if seconds is None else instant(seconds)

    done = record.status == "succeeded"
    return {
        "id": record.id,
        "kind": record.kind,
        "status": record.status,
        "progress": {"done": record.done, "total": record.total, "failed": record.failed},
        "model": record.model,
        "training": record.training,
        "content_type": record.content_type,
        "bytes": record.size,
        "parameters": record.query,
        "created_at": time(record.created),
        "started_at": time(record.started),
        "finished_at": time(record.finished),
        "expires_at": time(record.until),
        "metrics": record.summary.get("metrics"),
        "warnings": record.summary.get("warnings", []),
        "warned": record.summary.get("warned", 0),
        "error": record.error,
        "result": {
            "url": f"/jobs/{record.id}/result", "content_type": record.result_type, "bytes": record.result_size
        } if done else None,
    }  # fmt: skip
