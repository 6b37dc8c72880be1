"""``POST /classify``: inputs checked, read, and answered in their order."""

import asyncio

from starlette.requests import ClientDisconnect

from service.deadline import Deadline
from service.errors import ServiceError
from service.http.problems import all_failed
from service.http.sse import unless_left
from service.models.model import Model
from service.models.work_limits import timeout_of
from service.protocols.classify.body import decode_classify
from service.protocols.classify.reply import write_reply
from service.protocols.classify.schemas import ClassifyRequest
from service.protocols.classify.validation import CheckedInput, check_inputs
from service.protocols.container import Services
from service.protocols.json_endpoint import Exchange, JsonEndpoint
from service.serving.sequences import SequenceAnswer
from service.threads import DECODING

INLINE_WORK = 50_000
"""Characters and values of a request above which it is checked on a thread."""


class Classify(JsonEndpoint[ClassifyRequest]):
    """The endpoint."""

    def decode(self, body: bytes, deadline: Deadline) -> ClassifyRequest:
        """Read a body; see ``JsonEndpoint.decode``."""
        request = decode_classify(body, self.settings, deadline)
        deadline.at += (timeout_of(request.timeout_ms, self.settings) - self.settings.default_timeout_ms) / 1e3
        return request

    async def answer(self, request: ClassifyRequest, services: Services, exchange: Exchange) -> bytes:
        """Give one result per input; see ``JsonEndpoint.answer``."""
        model = services.catalogue.resolve(request.model, "classifier")
        work = asyncio.ensure_future(self._read(request, model, services, exchange))
        if not await unless_left(work, exchange.left):
            raise ClientDisconnect
        checked, answers = work.result()
        failures = [answer for answer in answers if isinstance(answer, ServiceError)]
        if len(failures) == len(answers):
            raise all_failed(failures, "inputs")
        for failure in failures:
            self.container.metrics.rejected.labels(failure.code).inc()
        return write_reply(model, checked, answers, exchange.request_id)

    async def _read(
        self, request: ClassifyRequest, model: Model, services: Services, exchange: Exchange
    ) -> tuple[list[CheckedInput | ServiceError], list[SequenceAnswer | ServiceError]]:
        checked = await self._check(request, model, exchange)
        valid = [one.steps for one in checked if isinstance(one, CheckedInput)]
        found = iter(await services.sequences.read_many(model, valid))
        return checked, [next(found) if isinstance(one, CheckedInput) else one for one in checked]

    async def _check(
        self, request: ClassifyRequest, model: Model, exchange: Exchange
    ) -> list[CheckedInput | ServiceError]:
        size = sum(len(one.text or "") + sum(map(len, one.target.values())) for one in request.inputs)
        arguments = (request, model, self.settings, exchange.owner, exchange.deadline)
        if size > INLINE_WORK:
            return await DECODING.run(check_inputs, *arguments)
        return check_inputs(*arguments)
