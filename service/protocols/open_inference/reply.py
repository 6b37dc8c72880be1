"""The reply of ``POST /v2/models/{model}/infer``: JSON, behind which the elements of tensors may stand as bytes."""

from typing import Any

import numpy as np
import orjson

from service.protocols.open_inference.inference.reply import InferReply
from service.protocols.open_inference.inference.tensor import BYTES


def write_reply(reply: InferReply) -> tuple[bytes, int | None]:
    """Write a reply for HTTP.

    Parameters
    ----------
    reply : InferReply
        What came of the request.

    Returns
    -------
    bytes
        JSON, and behind it the tensors that are wanted as bytes.
    int or None
        Bytes of JSON; None where there is nothing behind it.
    """
    pieces: list[bytes] = []
    outputs = []
    for tensor, binary in reply.outputs:
        one: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
        if binary:
            pieces.append(tensor.to_bytes())
            one["parameters"] = {"binary_data_size": len(pieces[-1])}
        else:
            values = tensor.values.ravel()
            one["data"] = values.tolist() if tensor.datatype == BYTES else np.ascontiguousarray(values)
        outputs.append(one)
    document: dict[str, Any] = {"model_name": reply.model.name, "model_version": reply.model.version}
    if reply.id:
        document["id"] = reply.id
    if reply.parameters:
        document["parameters"] = reply.parameters
    head = orjson.dumps(document | {"outputs": outputs}, option=orjson.OPT_SERIALIZE_NUMPY)
    return b"".join((head, *pieces)), len(head) if pieces else None
