"""``POST /invocations`` and ``POST /endpoints/{name}/invocations``, as a plain ASGI app."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.codecs.faults import raise_faults
from service.codecs.query_string import parse_query
from service.codecs.table_warnings import HEADER, collect_warnings, write_warnings
from service.deadline import Deadline
from service.errors import Fault, ServiceError, UnknownModel
from service.http.body import CSV, INLINE_BYTES, INLINE_OBJECTS, JSON, KINDS, content_kind, read_body, reply_kind
from service.http.compression import decompress
from service.http.middleware import send_compressed, send_failure
from service.http.sse import while_there
from service.models.catalog import Catalog
from service.models.work_limits import timeout_of
from service.protocols.container import Container, Services
from service.protocols.forecast.answering import Caller, answer_forecasts
from service.protocols.forecast.encoder import ForecastEncoder
from service.protocols.generate.paths import answer_paths
from service.protocols.generate.schemas import PathsRequest
from service.protocols.json_endpoint import Exchange
from service.protocols.sagemaker.invocation import LINES, NDJSON, OCTETS, Invocation, is_closing, read_invocation
from service.protocols.sagemaker.predictions import predictions_of
from service.protocols.sagemaker.session_headers import (
    NEW,
    SESSION,
    closed_header,
    closing_session,
    opened_header,
    session_options,
)
from service.serving.series_answer import SeriesAnswer
from service.settings import Settings
from service.threads import DECODING

ATTRIBUTES, MODEL = b"x-amzn-sagemaker-custom-attributes", b"x-amzn-sagemaker-target-model"
VARIANT = b"x-amzn-invoked-production-variant"
Headers = list[tuple[bytes, bytes]]
Answers = Sequence[SeriesAnswer | ServiceError]


@dataclass(frozen=True)
class Reply:
    """What is sent back."""

    kind: str
    """Its content type."""
    body: bytes
    headers: Headers


class Invocations:
    """The endpoint.

    Parameters
    ----------
    container : Container
        What handlers share.
    """

    def __init__(self, container: Container) -> None:
        self._container, self._settings = container, container.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the work of a client that leaves is dropped."""
        headers, began = dict(scope["headers"]), time.monotonic()
        try:
            body = await read_body(headers, receive, self._settings.max_body_bytes)
            services = self._container.ready()
            work = asyncio.ensure_future(self._work(scope, headers, body, services, began))
            reply = await while_there(work, receive)
        except ClientDisconnect:
            return
        except ServiceError as error:
            self._container.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        await send_compressed(reply.kind, reply.body, headers, b"Accept, Accept-Encoding", send, reply.headers)

    async def _work(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, services: Services, began: float
    ) -> Reply:
        deadline = Deadline(began + self._settings.default_timeout_ms / 1e3)
        try:
            if is_closing(body):
                session = closing_session(headers)
                await services.forecasts.end(session, scope["state"]["owner"])
                return Reply(JSON, b"{}", closed_header(session))
            kind = _kind_of(headers, body)
            wanted = _wanted(headers, kind)
            invocation = await self._read(scope, headers, kind, body, services.catalogue, deadline)
            deadline.at = began + timeout_of(invocation.request.timeout_ms, self._settings) / 1e3
            state = scope["state"]
            caller = Caller(state["owner"], key=state.get("idempotency_key"))
            found = await answer_forecasts(self._container, invocation.request, caller, deadline)
            answers = found.answers
            encoder = ForecastEncoder(invocation.request, found.model, found.horizon, found.levels, state["request_id"])
            samples: Sequence[Any] = [None] * len(answers)
            if "samples" in invocation.outputs:
                left = asyncio.get_running_loop().create_future()
                exchange = Exchange(state["owner"], state["request_id"], left, _nowhere, deadline, ())
                samples = await _samples(invocation, services, self._settings, exchange)
            reply, warned = await DECODING.run(_encode, invocation, encoder, answers, samples, wanted)
        except asyncio.CancelledError:
            deadline.leave()
            raise
        beside = [(VARIANT, str(encoder.model).encode("ascii", "replace"))]
        if headers.get(SESSION) == NEW.encode():
            beside += opened_header(next((one.session for one in answers if isinstance(one, SeriesAnswer)), None))
        if warned:
            beside.append((HEADER.lower().encode(), write_warnings(warned)))
        return Reply(wanted, reply, beside)

    async def _read(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        kind: str,
        body: bytes,
        catalogue: Catalog,
        deadline: Deadline,
    ) -> Invocation:
        most, encoding = self._settings.max_fields, headers.get(b"content-encoding", b"").decode("latin-1")
        options = parse_query(scope.get("query_string", b""), most) | parse_query(headers.get(ATTRIBUTES, b""), most)
        named = _named_model(scope, headers, catalogue)
        options |= session_options(headers) | ({"model": named} if named else {})
        find_model = partial(catalogue.resolve, kind="forecaster")

        def read() -> Invocation:
            deadline.check()
            plain = decompress(body, encoding, self._settings.max_body_bytes)
            return read_invocation(kind, plain, options, self._settings, deadline, find_model)

        if kind == JSON and not encoding and len(body) <= INLINE_BYTES and body.count(b"{") <= INLINE_OBJECTS:
            return read()
        return await DECODING.run(read)


def _kind_of(headers: Mapping[bytes, bytes], body: bytes) -> str:
    """Give the content type of a body; ``boto3`` sends bytes of none in particular where it is given none."""
    kind = content_kind(headers, (*KINDS, LINES, NDJSON, OCTETS))
    if kind != OCTETS:
        return kind
    return JSON if body.lstrip()[:1] == b"{" else CSV


def _wanted(headers: Mapping[bytes, bytes], kind: str) -> str:
    accept = headers.get(b"accept", b"*/*").decode("latin-1").partition(";")[0].strip().lower()
    if accept in (LINES, NDJSON):
        return accept
    if kind in (LINES, NDJSON):
        return kind if accept == "*/*" else reply_kind(headers, JSON)
    return reply_kind(headers, kind)


def _named_model(scope: Scope, headers: Mapping[bytes, bytes], catalogue: Catalog) -> str | None:
    """Give the model that the request names; an endpoint's name need not be one."""
    target = headers.get(MODEL, b"").decode("latin-1")
    if target:
        return target
    name = scope.get("path_params", {}).get("name")
    try:
        return str(catalogue.resolve(name)) if name else None
    except UnknownModel:
        return None


async def _samples(invocation: Invocation, services: Services, settings: Settings, exchange: Exchange) -> Sequence[Any]:
    """Draw paths of every series, as ``POST /generate`` does."""
    request = invocation.request
    if any(series.session for series in request.series):
        message = "expected mean and quantiles in a session, got samples; POST /generate draws paths of a session"
        raise_faults([Fault(("configuration", "output_types"), message)])
    paths = PathsRequest(
        series=request.series, model=request.model, horizon=request.horizon, missing=request.missing,
        bounds=request.bounds, num_samples=invocation.num_samples, returns=["samples"],
    )  # fmt: skip
    model = services.catalogue.resolve(request.model, "forecaster")
    whole = await answer_paths(services.scenarios, model, paths, settings, exchange)
    return [one.get("samples") for one in orjson.loads(whole or b"{}")["paths"]]


async def _nowhere(message: Any) -> None:
    """Nothing is streamed."""


def _encode(
    invocation: Invocation, encoder: ForecastEncoder, answers: Answers, samples: Sequence[Any], wanted: str
) -> tuple[bytes, list[dict[str, Any]]]:
    """Write the answers; gives the warnings that they have no place for."""
    lines = wanted in (LINES, NDJSON)
    if not lines and (wanted != JSON or not invocation.names):
        return encoder.encode(answers, wanted)
    forecasts = encoder.forecasts(answers)
    items: Sequence[dict[str, Any]] = forecasts
    warned = []
    if invocation.names:
        items = predictions_of(invocation, forecasts, samples)
        warned = collect_warnings(
            (one["item_id"], [(warning["code"], warning["detail"]) for warning in one["warnings"]]) for one in forecasts
        )
    if lines:
        return b"".join(orjson.dumps(one, option=_OPTIONS) + b"\n" for one in items), warned
    return orjson.dumps({"predictions": items}, option=_OPTIONS), warned


_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
