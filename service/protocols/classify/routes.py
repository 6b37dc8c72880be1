"""``POST /classify``: inputs checked, read, and answered in their order."""

import asyncio
from dataclasses import replace
from functools import partial

from service.codecs.if_match import check_single
from service.deadline import Deadline
from service.errors import ServiceError
from service.http.sse import unless_left
from service.models.model import Model
from service.protocols.classify.body import decode_classify
from service.protocols.classify.reply import write_reply
from service.protocols.classify.schemas import ClassifyRequest
from service.protocols.classify.validation import CheckedInput, check_inputs
from service.protocols.container import Services
from service.protocols.json_endpoint import Exchange, JsonEndpoint
from service.receipts import receipt_key
from service.serving.sequences import SequenceAnswer
from service.threads import DECODING

INLINE_WORK = 50_000
"""Characters and values of a request above which it is checked on a thread."""


class Classify(JsonEndpoint[ClassifyRequest]):
    """The endpoint."""

    def decode(self, body: bytes, deadline: Deadline) -> ClassifyRequest:
        """Read a body; see ``JsonEndpoint.decode``."""
        return decode_classify(body, self.settings, deadline)

    def timeout_ms(self, request: ClassifyRequest) -> int | None:
        """See ``JsonEndpoint.timeout_ms``."""
        return request.timeout_ms

    async def answer(self, request: ClassifyRequest, services: Services, exchange: Exchange) -> bytes:
        """Give one result per input; see ``JsonEndpoint.answer``."""
        model = services.catalogue.resolve(request.model, "classifier")
        check_single(exchange.match, [given.session for given in request.inputs], "inputs")
        work = asyncio.ensure_future(self._read(request, model, services, exchange))
        checked, answers = await unless_left(work, exchange.left)
        self.container.check_answers(answers, "inputs", exchange.idempotency_key)
        return write_reply(model, checked, answers, exchange.request_id)

    async def _read(
        self, request: ClassifyRequest, model: Model, services: Services, exchange: Exchange
    ) -> tuple[list[CheckedInput | ServiceError], list[SequenceAnswer | ServiceError]]:
        checked = await self._check(request, model, exchange)
        key = exchange.idempotency_key
        valid = [
            replace(one.given, receipt=receipt_key(key, place)) if key else one.given
            for place, one in enumerate(checked)
            if isinstance(one, CheckedInput)
        ]
        found = iter(await services.sequences.read_many(model, valid))
        return checked, [next(found) if isinstance(one, CheckedInput) else one for one in checked]

    async def _check(
        self, request: ClassifyRequest, model: Model, exchange: Exchange
    ) -> list[CheckedInput | ServiceError]:
        size = sum(len(one.text or "") + sum(map(len, one.target.values())) for one in request.inputs)
        check = partial(check_inputs, request, model, self.settings, exchange.owner, exchange.deadline, exchange.match)
        return await DECODING.run(check) if size > INLINE_WORK else check()
