"""A body of ``POST /v2/models/{model}/infer``: JSON, behind which the elements of tensors may stand as bytes."""

import json
from collections.abc import Mapping
from typing import Any

from service.codecs.faults import quoted, raise_faults, unknown_name
from service.codecs.json_document import as_list, is_list, is_object, limit_values, parse_object
from service.codecs.members import members_of
from service.deadline import Deadline
from service.errors import Fault, Malformed, Unprocessable
from service.protocols.open_inference.inference.refusals import SHARED_MEMORY
from service.protocols.open_inference.inference.request import (
    InferRequest,
    RequestedOutput,
    check_distinct,
    read_parameters,
)
from service.protocols.open_inference.inference.tensor import Tensor
from service.protocols.open_inference.inference.tensor_reading import (
    check_datatype,
    read_shape,
    tensor_of_bytes,
    tensor_of_values,
)
from service.settings import Settings

HEADER_LENGTH = b"inference-header-content-length"
"""Header that says how many bytes of the body are JSON."""
_REREAD = 2**20
"""Bytes of JSON that Python's own parser, which keeps every thread waiting, may read."""
_MEMBERS = ("id", "parameters", "inputs", "outputs")


def read_body(
    body: bytes, header_length: bytes | None, model: str, settings: Settings, deadline: Deadline
) -> InferRequest:
    """Read a body.

    Parameters
    ----------
    body : bytes
        Decompressed.
    header_length : bytes or None
        The header of that name; None where the whole body is JSON.
    model : str
        That the path names.
    settings : Settings
        Limits.
    deadline : Deadline
        Until when it is worth it.

    Returns
    -------
    InferRequest
        Decoded.

    Raises
    ------
    Malformed, TooLarge, Unprocessable
        If it cannot be read, holds too much, or is wrong.
    """
    deadline.check()
    document, rest = _split(body, header_length)
    limit_values(document, settings.max_values)
    faults: list[Fault] = []
    top = members_of(_parse(document), faults, most=settings.max_fields)
    faults += [Fault((name,), unknown_name(name, _MEMBERS)) for name in top if name not in _MEMBERS]
    raise_faults(faults)
    if not isinstance(top.get("id", ""), str):
        raise_faults([Fault(("id",), f"expected a text, got {quoted(top['id'])}")])
    parameters = read_parameters(_object(top.get("parameters", {}), ("parameters",)))
    inputs = [_members(entry, ("inputs", place), settings) for place, entry in enumerate(_list(top, "inputs"))]
    if not inputs:
        raise_faults([Fault(("inputs",), "expected the tensor target, got none")])
    check_distinct([str(entry.get("name")) for entry in inputs], "inputs")
    tensors: dict[str, Tensor] = {}
    for entry in inputs:
        size = _binary_size(entry)
        tensor = _input(entry, rest[: size or 0] if size is not None else None, settings)
        rest = rest[size or 0 :]
        tensors[tensor.name] = tensor
    if len(rest):
        message = f"expected no bytes behind those of the inputs, got {len(rest)}; correct binary_data_size"
        raise_faults([Fault(("inputs",), message)])
    outputs = [
        _output(_members(entry, ("outputs", place), settings), binary=parameters.binary_data_output)
        for place, entry in enumerate(_list(top, "outputs"))
    ]
    check_distinct([one.name for one in outputs], "outputs")
    return InferRequest(model, top.get("id", ""), parameters, tensors, outputs)


def _split(body: bytes, header_length: bytes | None) -> tuple[bytes, memoryview]:
    if header_length is None:
        return body, memoryview(b"")
    if not header_length.isdigit() or len(header_length) > 15 or int(header_length) > len(body):
        text = header_length.decode("latin-1")[:40]
        raise Malformed(
            f"Inference-Header-Content-Length: expected how many of the {len(body)} bytes are JSON, got {text!r}"
        )
    length = int(header_length)
    return body[:length], memoryview(body)[length:]


def _parse(document: bytes) -> Any:
    try:
        return parse_object(document)
    except Malformed:
        # The clients write NaN into JSON where they send no bytes. Python reads that, and any other literal is refused.
        if b"NaN" not in document or len(document) > _REREAD:
            raise
        try:
            found = json.loads(document, parse_constant=_missing)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise
        return found


def _missing(name: str) -> None:
    if name != "NaN":
        raise ValueError(name)


def _list(top: Mapping[str, Any], name: str) -> Any:
    value = top.get(name, [])
    if not is_list(value):
        raise_faults([Fault((name,), f"expected a list of objects, got {quoted(value)}")])
    return value


def _object(value: Any, loc: tuple[str | int, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise_faults([Fault(loc, f"expected an object, got {quoted(as_list(value))}")])
    return {name: as_list(member) for name, member in value.items()}


def _members(value: Any, loc: tuple[str | int, ...], settings: Settings) -> dict[str, Any]:
    faults: list[Fault] = []
    if not is_object(value):
        faults.append(Fault(loc, f"expected an object, got {quoted(as_list(value))}"))
        raise_faults(faults)
    found = members_of(value, faults, loc, most=settings.max_fields)
    name = found.get("name")
    if not isinstance(name, str) or not name:
        faults.append(Fault((*loc, "name"), f"expected the name of a tensor, got {quoted(name)}"))
    raise_faults(faults)
    found["parameters"] = _object(found.get("parameters", {}), (*loc, "parameters"))
    if "shared_memory_region" in found["parameters"]:
        message = f"{name}: {SHARED_MEMORY}"
        raise Unprocessable(message, code="unsupported", faults=[Fault((*loc, "parameters"), message)])
    return found


def _binary_size(entry: Mapping[str, Any]) -> int | None:
    size: int | None = entry["parameters"].get("binary_data_size")
    if size is not None and (type(size) is not int or size < 0):
        message = f"expected a whole number from 0, got {quoted(size)}"
        raise_faults([Fault((entry["name"], "parameters", "binary_data_size"), message)])
    return size


def _input(entry: Mapping[str, Any], data: memoryview | None, settings: Settings) -> Tensor:
    name = entry["name"]
    datatype = check_datatype(name, entry.get("datatype"))
    shape = read_shape(name, entry.get("shape"), settings.max_values)
    if (data is None) == ("data" not in entry):
        message = "expected its elements, either as data or as bytes behind the JSON with binary_data_size"
        raise_faults([Fault((name,), f"{message}, got {'neither' if data is None else 'both'}")])
    if data is None:
        return tensor_of_values(name, datatype, shape, entry["data"])
    return tensor_of_bytes(name, datatype, shape, bytes(data))


def _output(entry: Mapping[str, Any], *, binary: bool) -> RequestedOutput:
    name, parameters = entry["name"], entry["parameters"]
    for parameter, value in parameters.items():
        if parameter == "binary_data" and isinstance(value, bool):
            binary = value
        elif parameter != "classification" or value != 0:
            message = f"expected binary_data, true or false, alone, got {parameter[:40]!r}; leave it out"
            raise_faults([Fault((name, "parameters", parameter), message)])
    return RequestedOutput(name, binary)
