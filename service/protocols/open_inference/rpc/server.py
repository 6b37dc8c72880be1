"""The server of gRPC: runs beside the HTTP server, on the same loop, with the same keys, limits and metrics."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from service.errors import DEFECT, ServiceError
from service.protocols.container import Container
from service.protocols.open_inference.inference.answering import Inference
from service.protocols.open_inference.inference.errors import failure_text
from service.protocols.open_inference.inference.refusals import LOADING, SHARED_MEMORY, TRACE, unsupported
from service.protocols.open_inference.rpc.calls import Calls
from service.protocols.open_inference.rpc.messages import SERVICE, message_type

_log = logging.getLogger(__name__)
_OPEN = ("ServerLive", "ServerReady")
"""Methods that answer without an API key."""
_CODES = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    410: grpc.StatusCode.NOT_FOUND,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_UNSUPPORTED = {
    "RepositoryModelLoad": LOADING,
    "RepositoryModelUnload": LOADING,
    "SystemSharedMemoryRegister": SHARED_MEMORY,
    "CudaSharedMemoryRegister": SHARED_MEMORY,
    "TraceSetting": TRACE,
    "LogSettings": TRACE,
}
_OVERHEAD = 64 * 1024
"""Bytes of a message beside those of its tensors."""
_STOPPING_S = 5.0
"""Seconds that calls have to end; a stream may stay open for ever."""
Call = Callable[[Any, str, float | None], Awaitable[Any]]


@asynccontextmanager
async def serving(container: Container, inference: Inference) -> AsyncIterator[None]:
    """Serve calls while the context lasts.

    Parameters
    ----------
    container : Container
        What handlers share; its settings name host and port.
    inference : Inference
        Answers requests for inference.

    Raises
    ------
    OSError
        If nothing can listen there.
    """
    settings = container.settings
    most = settings.max_body_bytes + _OVERHEAD
    options = [
        ("grpc.max_receive_message_length", most),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 0),  # another server on this port must not take every second call
    ]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=settings.max_connections)
    server.add_generic_rpc_handlers((_handlers(container, Calls(container, inference)),))
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        port = server.add_insecure_port(f"{host}:{settings.grpc_port}")
    except RuntimeError as error:
        raise OSError(f"STATECAST_GRPC_PORT: cannot listen on {host}:{settings.grpc_port}: {error}") from None
    await server.start()
    _log.info("gRPC listens on %s:%d", host, port)
    try:
        yield
    finally:
        await server.stop(min(_STOPPING_S, settings.drain_s))


def _handlers(container: Container, calls: Calls) -> Any:
    plain = {name: _at_once(make) for name, make in calls.plain().items()} | {"ModelInfer": calls.infer}
    found = {
        name: grpc.unary_unary_rpc_method_handler(
            _unary(container, name, call),
            request_deserializer=message_type(f"{name}Request").FromString,
            response_serializer=message_type(f"{name}Response").SerializeToString,
        )
        for name, call in plain.items()
    }
    for name, reason in _UNSUPPORTED.items():
        found[name] = grpc.unary_unary_rpc_method_handler(_unary(container, name, _refusal(reason)))
    found["ModelStreamInfer"] = grpc.stream_stream_rpc_method_handler(
        _stream(container, calls.infer),
        request_deserializer=message_type("ModelInferRequest").FromString,
        response_serializer=message_type("ModelStreamInferResponse").SerializeToString,
    )
    return grpc.method_handlers_generic_handler(SERVICE, found)


def _at_once(make: Callable[[Any], Any]) -> Call:
    async def call(request: Any, *_: Any) -> Any:
        return make(request)

    return call


def _refusal(reason: str) -> Call:
    async def refuse(*_: Any) -> Any:
        raise unsupported(reason)

    return refuse


async def _answer(container: Container, name: str, call: Call, request: Any, context: Any) -> Any:
    """Make a call; gives its message, or the error that it failed with."""
    began, status = time.monotonic(), 200
    try:
        owner = "" if container.keys is None or name in _OPEN else _owner(container, context)
        return await call(request, owner, context.time_remaining())
    except ServiceError as error:
        status = error.status
        container.metrics.rejected.labels(error.code).inc()
        return error
    except asyncio.CancelledError:
        status = 499  # as servers call a client that left
        raise
    except Exception:
        status = ServiceError.status
        _log.exception("a call of %s failed", name)
        return ServiceError(DEFECT)
    finally:
        container.metrics.answered(f"/{SERVICE}/{name}", status, time.monotonic() - began)


def _owner(container: Container, context: Any) -> str:
    given = {name: value for name, value in context.invocation_metadata() if isinstance(value, str)}
    assert container.keys is not None
    return container.keys.owner(given.get("authorization"), given.get("x-api-key"))


def _unary(container: Container, name: str, call: Call) -> Callable[[Any, Any], Awaitable[Any]]:
    async def handle(request: Any, context: Any) -> Any:
        answer = await _answer(container, name, call, request, context)
        if isinstance(answer, ServiceError):
            await context.abort(_CODES.get(answer.status, grpc.StatusCode.INVALID_ARGUMENT), failure_text(answer))
        return answer

    return handle


def _stream(container: Container, call: Call) -> Callable[[Any, Any], AsyncIterator[Any]]:
    """Answer the requests of a stream in their order; one that fails has its error in its place, and the rest go on."""
    response = message_type("ModelStreamInferResponse")

    async def handle(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            answer = await _answer(container, "ModelStreamInfer", call, request, context)
            if isinstance(answer, ServiceError):
                failed = response(error_message=failure_text(answer))
                failed.infer_response.id = request.id
                yield failed
                continue
            answer.parameters["triton_final_response"].bool_param = True
            yield response(infer_response=answer)

    return handle
