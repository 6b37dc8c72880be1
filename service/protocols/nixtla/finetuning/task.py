"""Fine-tuning as nixtla's SDK requests it: a job that tunes a pretrained family on the series, see ``protocols.jobs``.

The SDK waits for a model, and sends its request again where that takes longer than its patience. So the version of the
model says what it is tuned on: whoever requests the same again waits for the job that is at work, or gets the model.
"""

import asyncio
import hashlib
import io
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from service.codecs.schema import Schema
from service.errors import Loading, ServiceError, Unprocessable
from service.http.body import ARROW
from service.http.ids import ulid
from service.jobs.record import FIT, JobRecord
from service.models.model import Model
from service.protocols.container import Container
from service.protocols.jobs.fit_parameters import read_fit
from service.protocols.nixtla.forecast import NOTHING
from service.protocols.nixtla.requests import FlatSeries, NixtlaFinetune, TaskRequest
from service.protocols.nixtla.task import Task, TaskContext
from service.sessions.series_input import SeriesInput
from service.threads import DECODING, FILES
from statecast.time.frequency import Frequency

_LOOKED_EVERY_S = 0.25
_SHARE = 5
"""Of the longest series, the part that the horizon may be where the request names none."""
_SHOWN = 12


class FinetuneTask(Task[NixtlaFinetune]):
    """Tunes a family, which is kept under an id.

    Parameters
    ----------
    container : Container
        Its jobs do the work.
    """

    shape = Schema(NixtlaFinetune, lambda: NixtlaFinetune(series=NOTHING))

    def __init__(self, container: Container) -> None:
        super().__init__()
        self._container = container

    async def run(self, request: NixtlaFinetune, context: TaskContext) -> dict[str, Any]:
        """See ``Task.run``."""
        model = await self.tuned(request, context)
        return {"finetuned_model_id": model.name, "model": model.identity}

    async def tuned(self, request: NixtlaFinetune, context: TaskContext, horizon: int | None = None) -> Model:
        """Tune the model that a request means, unless that was done.

        Parameters
        ----------
        request : NixtlaFinetune
            With the series, and how many steps.
        context : TaskContext
            Who wants it.
        horizon : int or None
            Steps ahead; None for as many as the series allow.

        Returns
        -------
        Model
            A forecaster of these series.

        Raises
        ------
        ServiceError
            If nothing can be tuned here, or the job failed.
        """
        if not request.finetune_steps:
            raise Unprocessable("finetune_steps: expected a whole number from 1, got 0; send some")
        base = self.model(request, context)
        query = {"base": str(base), "steps": str(request.finetune_steps)}
        read_fit(query, self._container)
        _, inputs = await self.inputs(request, base, context)
        longest = max(one.target.shape[1] for one in inputs)
        query["horizon"] = str(horizon or max(1, min(base.horizon, longest // _SHARE)))
        if inputs[0].freq is not None:
            query["freq"] = inputs[0].freq
        table = await DECODING.run(_table, inputs)
        shown = hashlib.sha256(repr(sorted(query.items())).encode() + base.digest.encode() + table).hexdigest()[:_SHOWN]
        query |= {"name": request.output_model_id or f"tuned-{shown}", "version": shown}
        wanted, fitted = f"{query['name']}@{shown}", context.services.fitted
        if (model := _found(wanted, context)) is None:
            fitted.check_name(context.owner, query["name"], shown)
            await self._work(query, table, context)
            await FILES.run(fitted.refresh)  # another replica may have done it
            model = _found(wanted, context)
        if model is None:
            raise Loading(f"model {wanted}: it was tuned on another server; have all share STATECAST_ARTIFACTS")
        return model

    async def _work(self, query: dict[str, str], table: bytes, context: TaskContext) -> None:
        """Have a job done, or wait for the one that is at it."""
        jobs = self._container.jobs
        if jobs is None:
            raise Unprocessable(
                "fine-tuning is a job, and this server's STATECAST_PROTOCOLS leaves jobs out", code="not_supported"
            )
        known = await jobs.page(context.owner, "", self._container.settings.max_kept_jobs)
        record = next((one for one in known if one.unfinished and one.kind == FIT and one.query == query), None)
        if record is None:
            now = time.time()
            draft = JobRecord(
                id=f"job_{ulid()}", owner=context.owner, kind=FIT, created=now, until=now, content_type=ARROW,
                result_type=ARROW, query=query, size=0, folder="", request_id="",
            )  # fmt: skip

            async def whole() -> AsyncIterator[bytes]:
                yield table

            record = await jobs.submit(draft, whole())
        while record.unfinished:
            await asyncio.sleep(_LOOKED_EVERY_S)
            context.deadline.check()
            record = await jobs.find(context.owner, record.id)
        if record.status != "succeeded":
            raise _failure(record)


def _found(wanted: str, context: TaskContext) -> Model | None:
    own = context.services.fitted.each(context.owner)
    return next((model for _, model in own if str(model) == wanted), None)


def finetuning_of(request: TaskRequest) -> NixtlaFinetune:
    """Give what a request says of the tuning that goes before its task.

    Parameters
    ----------
    request : TaskRequest
        Its columns are left out, because a family takes none.
    """
    flat = request.series
    return NixtlaFinetune(
        series=FlatSeries(y=flat.y, sizes=flat.sizes, start_datetime=flat.start_datetime),
        model=request.model, freq=request.freq, finetuned_model_id=request.finetuned_model_id,
        finetune_steps=request.finetune_steps,
    )  # fmt: skip


def _table(inputs: Sequence[SeriesInput]) -> bytes:
    """Write series as a table of Arrow, with their times where they have any."""
    sizes = [one.target.shape[1] for one in inputs]
    times: list[Any] = [
        np.arange(size)
        if one.freq is None or one.time_index is None
        else Frequency.parse(one.freq).times(one.time_index, one.offset)
        for one, size in zip(inputs, sizes, strict=True)
    ]
    columns = {
        "item_id": np.repeat([f"series-{place}" for place in range(len(inputs))], sizes),
        "timestamp": np.concatenate(times),
        "target": pa.array(np.concatenate([one.target[0] for one in inputs]), from_pandas=True),
    }
    table, sink = pa.table(columns), io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _failure(record: JobRecord) -> ServiceError:
    told = record.error or {"status": 409, "title": "Cancelled", "code": "job_failed", "detail": "it was cancelled"}
    made = ServiceError(f"job {record.id}: {told['detail']}", code=told["code"])
    made.status, made.title = told["status"], told["title"]
    return made
