"""The reply to a request for inference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.codecs.faults import raise_faults, unknown_name
from service.errors import Fault
from service.models.model import Model
from service.protocols.open_inference.inference.request import InferRequest, RequestedOutput
from service.protocols.open_inference.inference.tensor import Tensor


@dataclass(frozen=True, eq=False)
class InferReply:
    """What came of a request.

    Parameters
    ----------
    model : Model
        What forecast.
    id : str
        That the client gave its request.
    parameters : dict of str to (bool, str)
        What is said beside the tensors.
    outputs : list of (Tensor, bool)
        Each with whether it is wanted as bytes.
    """

    model: Model
    id: str
    parameters: dict[str, Any]
    outputs: Sequence[tuple[Tensor, bool]]


def choose_outputs(request: InferRequest, known: Sequence[str]) -> Sequence[RequestedOutput]:
    """Give the outputs that a request gets, before anything is computed.

    Parameters
    ----------
    request : InferRequest
        Names them, or none for all.
    known : sequence of str
        Those that the model has.

    Returns
    -------
    sequence of RequestedOutput
        In the order of the request.

    Raises
    ------
    Unprocessable
        If it names an unknown one.
    """
    for one in request.outputs:
        if one.name not in known:
            raise_faults([Fault(("outputs", one.name), unknown_name(one.name, known))])
    return request.outputs or [RequestedOutput(name, request.parameters.binary_data_output) for name in known]
