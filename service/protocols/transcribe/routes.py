"""``POST /transcribe``: a recording, whole or a chunk of a session, to text."""

import asyncio
from typing import Any

from service.codecs.if_match import check_single
from service.deadline import Deadline
from service.errors import Fault, ServiceError, TooLarge, Unprocessable
from service.http.body import JSON
from service.http.ids import ulid
from service.http.sse import unless_left
from service.models.model import Model
from service.protocols.container import Services
from service.protocols.json_endpoint import Body, Exchange, JsonEndpoint
from service.protocols.transcribe.body import SpokenRequest, decode_json, decode_wav
from service.receipts import receipt_key
from service.sequences.input import SequenceInput
from service.serving.sequences import SequenceAnswer
from statecast.ctc.symbols import Transcript
from statecast.inputs.recording import RATES

WAV = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")


class Transcribe(JsonEndpoint[SpokenRequest]):
    """The endpoint."""

    media = WAV

    def decode(self, body: bytes, deadline: Deadline) -> SpokenRequest:
        """Read a JSON body; see ``JsonEndpoint.decode``."""
        return self.decode_body(Body(JSON, body, b""), deadline)

    def decode_body(self, body: Body, deadline: Deadline) -> SpokenRequest:  # noqa: ARG002
        """Read a wav body, or one in JSON, with the query string; see ``JsonEndpoint.decode_body``."""
        return (decode_json if body.kind == JSON else decode_wav)(body.data, body.query, self.settings)

    def timeout_ms(self, request: SpokenRequest) -> int | None:
        """See ``JsonEndpoint.timeout_ms``."""
        return request.parameters.timeout_ms

    async def answer(self, request: SpokenRequest, services: Services, exchange: Exchange) -> dict[str, Any]:
        """Give the text; see ``JsonEndpoint.answer``."""
        parameters = request.parameters
        model = services.catalogue.resolve(parameters.model, "transcriber")
        self._check(request, model)
        check_single(exchange.match, [parameters.session], "recording")
        given = SequenceInput(
            request.recording.samples, exchange.owner, exchange.deadline.at, parameters.session, parameters.open,
            parameters.from_index, request.recording.rate, parameters.final, exchange.match,
            receipt_key(exchange.idempotency_key, 0),
        )  # fmt: skip
        work = asyncio.ensure_future(services.sequences.read_many(model, [given]))
        (answer,) = await unless_left(work, exchange.left)
        if isinstance(answer, ServiceError):
            raise answer
        return _reply(model, request, answer)

    def _check(self, request: SpokenRequest, model: Model) -> None:
        recording, parameters = request.recording, request.parameters
        rates = [rate for rate in RATES if rate >= model.manifest["sample_rate"]]
        if recording.rate not in rates:
            known = " or ".join(map(str, rates))
            _refuse(f"expected {known} samples per second, as {model} hears them, got {recording.rate}; resample it")
        if recording.seconds > self.settings.max_recording_s:
            raise TooLarge(
                f"audio: expected at most {self.settings.max_recording_s} s (STATECAST_MAX_RECORDING_S), got "
                f"{recording.seconds:.1f}; send it in chunks of a session, to a model whose streaming is exact"
            )
        if parameters.session is None:
            if not len(recording.samples):
                _refuse("expected a recording, got one without samples; record something", "empty_input")
            for name, there in (("final", not parameters.final), ("open", parameters.open is not None),
                                ("from_index", parameters.from_index is not None)):  # fmt: skip
                if there:
                    message = f"expected a session beside {name}, got none; name the session, or leave {name} out"
                    raise Unprocessable(f"{name}: {message}", faults=[Fault((name,), message)])


def _refuse(message: str, code: str = "invalid_audio") -> None:
    raise Unprocessable(f"audio: {message}", code=code, faults=[Fault(("audio",), message)])


def _reply(model: Model, request: SpokenRequest, answer: SequenceAnswer) -> dict[str, Any]:
    transcript: Transcript = answer.output
    warnings = [warning.partition(": ") for warning in request.recording.warnings]
    return {
        "id": f"asr_{ulid()}",
        "model": model.identity,
        "text": transcript.text,
        "segments": [
            {"text": one.text, "start_s": one.start_s, "end_s": one.end_s, "confidence": one.confidence}
            for one in transcript.segments
        ],
        "session": answer.session,
        "warnings": [{"code": code, "detail": detail} for code, _, detail in warnings],
    }
