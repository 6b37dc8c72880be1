"""Requests for inference and their replies as messages of gRPC."""

from typing import Any

from service.codecs.faults import raise_faults
from service.errors import Fault, Unprocessable
from service.protocols.open_inference.inference.metadata import model_text
from service.protocols.open_inference.inference.refusals import SHARED_MEMORY
from service.protocols.open_inference.inference.reply import InferReply
from service.protocols.open_inference.inference.request import (
    InferRequest,
    RequestedOutput,
    check_distinct,
    read_parameters,
)
from service.protocols.open_inference.inference.tensor import BYTES, Tensor
from service.protocols.open_inference.inference.tensor_reading import (
    check_datatype,
    read_shape,
    tensor_of_bytes,
    tensor_of_values,
)
from service.protocols.open_inference.rpc.messages import message_type
from service.settings import Settings

_CONTENTS = {"FP32": "fp32_contents", "FP64": "fp64_contents", "INT32": "int_contents", "INT64": "int64_contents"}


def read_request(message: Any, settings: Settings) -> InferRequest:
    """Read a ``ModelInferRequest``.

    Parameters
    ----------
    message : ModelInferRequest
        As it came.
    settings : Settings
        Limits.

    Returns
    -------
    InferRequest
        Decoded.

    Raises
    ------
    Unprocessable
        If anything in it is wrong.
    """
    parameters = read_parameters(_parameters(message.parameters))
    for tensor in (*message.inputs, *message.outputs):
        if "shared_memory_region" in tensor.parameters:
            raise Unprocessable(f"{tensor.name}: {SHARED_MEMORY}", code="unsupported")
    check_distinct([tensor.name for tensor in message.inputs], "inputs")
    check_distinct([tensor.name for tensor in message.outputs], "outputs")
    raw = list(message.raw_input_contents)
    if raw and len(raw) != len(message.inputs):
        expected = f"expected none, or {len(message.inputs)}, one per input"
        raise_faults([Fault(("raw_input_contents",), f"{expected}, got {len(raw)}")])
    inputs = [_input(tensor, raw[place] if raw else None, settings) for place, tensor in enumerate(message.inputs)]
    outputs = [_output(tensor) for tensor in message.outputs]
    model = model_text(message.model_name, message.model_version)
    return InferRequest(model, message.id, parameters, {tensor.name: tensor for tensor in inputs}, outputs)


def _parameters(given: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, parameter in given.items():
        choice = parameter.WhichOneof("choice")
        found[name] = None if choice is None else getattr(parameter, choice)
    return found


def _input(message: Any, raw: bytes | None, settings: Settings) -> Tensor:
    name = message.name
    datatype = check_datatype(name, message.datatype)
    shape = read_shape(name, list(message.shape), settings.max_values)
    if raw is not None:
        return tensor_of_bytes(name, datatype, shape, raw)
    if datatype != BYTES:
        return tensor_of_values(name, datatype, shape, list(getattr(message.contents, _CONTENTS[datatype])))
    texts = message.contents.bytes_contents
    return tensor_of_bytes(name, datatype, shape, b"".join(len(one).to_bytes(4, "little") + one for one in texts))


def _output(message: Any) -> RequestedOutput:
    for name, value in _parameters(message.parameters).items():
        if not (name == "binary_data" or (name == "classification" and value == 0)):
            raise_faults(
                [Fault((message.name, "parameters", name), "expected no such parameter, got it; leave it out")]
            )
    return RequestedOutput(message.name)


def write_response(reply: InferReply) -> Any:
    """Write a ``ModelInferResponse``.

    Parameters
    ----------
    reply : InferReply
        What came of a request.

    Returns
    -------
    ModelInferResponse
        Every tensor as bytes.
    """
    message = message_type("ModelInferResponse")(
        model_name=reply.model.name, model_version=reply.model.version, id=reply.id
    )
    for name, value in reply.parameters.items():
        setattr(message.parameters[name], "bool_param" if isinstance(value, bool) else "string_param", value)
    for tensor, _ in reply.outputs:
        message.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        message.raw_output_contents.append(tensor.to_bytes())
    return message
