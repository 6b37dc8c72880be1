"""Results of ``POST /classify`` as JSON."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.errors import ServiceError
from service.http.ids import ulid
from service.http.problems import problem
from service.models.model import Model
from service.protocols.classify.validation import CheckedInput
from service.serving.sequences import SequenceAnswer


def write_reply(
    model: Model,
    checked: Sequence[CheckedInput | ServiceError],
    answers: Sequence[SequenceAnswer | ServiceError],
    request_id: str,
) -> bytes:
    """Write the answer to a request.

    Parameters
    ----------
    model : Model
        Which classified.
    checked : sequence of CheckedInput or ServiceError
        Its inputs, with what is to be said beside.
    answers : sequence of SequenceAnswer or ServiceError
        One per input.
    request_id : str
        Under which the server's log has the request.

    Returns
    -------
    bytes
        JSON.
    """
    labels = tuple(model.manifest["labels"])
    results = [_result(one, answer, labels, request_id) for one, answer in zip(checked, answers, strict=True)]
    return orjson.dumps(
        {
            "id": f"cls_{ulid()}",
            "model": model.identity,
            "results": results,
        }
    )


def _result(
    checked: CheckedInput | ServiceError,
    answer: SequenceAnswer | ServiceError,
    labels: Sequence[str],
    request_id: str,
) -> dict[str, Any]:
    result: dict[str, Any] = {"label": None, "probabilities": None, "session": None, "warnings": [], "error": None}
    if isinstance(answer, ServiceError):
        return result | {"error": problem(answer, request_id)}
    warnings = checked.warnings if isinstance(checked, CheckedInput) else ()
    found: NDArray[np.float32] = answer.output
    said: dict[str, Any]
    if not labels:
        said = {"value": found.item()}
    else:
        probabilities = dict(zip(labels, found.astype(np.float64).round(7).tolist(), strict=True))
        said = {"label": labels[int(found.argmax())], "probabilities": probabilities}
    warned = [{"code": code, "detail": detail} for code, detail in warnings]
    return result | said | {"session": answer.session, "warnings": warned}
