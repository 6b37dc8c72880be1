"""A task of nixtla's SDK, done while its client waits."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from service.deadline import Deadline
from service.http.sse import unless_left
from service.protocols.container import Container, Services
from service.protocols.json_endpoint import Exchange, JsonEndpoint
from service.protocols.nixtla.finetuning import FinetuneTask, finetuning_of
from service.protocols.nixtla.requests import TaskRequest
from service.protocols.nixtla.task import Task, TaskContext
from service.threads import DECODING


class TaskEndpoint(JsonEndpoint[TaskRequest]):
    """A task, done while the client waits.

    Parameters
    ----------
    container : Container
        What handlers share.
    task : Task
        What is done.
    """

    def __init__(self, container: Container, task: Task[Any]) -> None:
        super().__init__(container)
        self._task, self._finetuning = task, FinetuneTask(container)

    def decode(self, body: bytes, deadline: Deadline) -> TaskRequest:  # noqa: ARG002
        """Read a body; see ``JsonEndpoint.decode``."""
        request: TaskRequest = self._task.read(body, self.settings)
        return request

    def timeout_ms(self, request: TaskRequest) -> int:  # noqa: ARG002
        """See ``JsonEndpoint.timeout_ms``: all there is, because the SDK leaves by itself, and sends a 504 again."""
        return self.settings.max_timeout_ms

    async def answer(self, request: TaskRequest, services: Services, exchange: Exchange) -> bytes:
        """Do it; see ``JsonEndpoint.answer``."""
        context = TaskContext(services, self.settings, exchange.owner, exchange.deadline, services.backtests)
        work = asyncio.ensure_future(self._run(request, context))
        found = await unless_left(work, exchange.left)
        exchange.deadline.check()
        return await DECODING.run(written, found)

    async def _run(self, request: TaskRequest, context: TaskContext) -> dict[str, Any]:
        if request.finetune_steps and not isinstance(self._task, FinetuneTask):
            horizon = getattr(request, "h", None)
            model = await self._finetuning.tuned(finetuning_of(request), context, horizon)
            request.finetuned_model_id = str(model)
        found: dict[str, Any] = await self._task.run(request, context)
        return found


def written(document: Mapping[str, Any]) -> bytes:
    """Write an answer.

    Parameters
    ----------
    document : mapping
        What ``Task.run`` gave.
    """
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
