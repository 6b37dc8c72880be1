"""A body of ``POST /classify`` as a ``ClassifyRequest``: what is wrong with one input stays with that input."""

from typing import Any

import numpy as np

from service.codecs.faults import raise_faults
from service.codecs.json_document import came, is_list, is_object, limit_values, lists_are_members, parse_object
from service.codecs.members import members_of
from service.deadline import Deadline
from service.errors import Fault, TooLarge
from service.protocols.classify.schemas import INPUT, REQUEST, ClassifyRequest, InputRequest
from service.settings import Settings


def decode_classify(body: bytes, settings: Settings, deadline: Deadline) -> ClassifyRequest:
    """Read a body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.
    settings : Settings
        Limits; that of values is checked before anything is parsed.
    deadline : Deadline
        Until when it is worth it.

    Returns
    -------
    ClassifyRequest
        Each input holds its own faults.

    Raises
    ------
    Malformed, TooLarge, Unprocessable
        If it is no JSON object, holds too much, or is wrong as a whole.
    """
    limit_values(body, settings.max_values)
    faults: list[Fault] = []
    members = members_of(parse_object(body), faults, most=settings.max_fields)
    if "inputs" in members:
        flat = lists_are_members(body)
        members["inputs"] = _read_inputs(members["inputs"], faults, settings, deadline, flat)
    request, wrong = REQUEST.read(members)
    raise_faults([*faults, *(fault for fault in wrong if all(fault.loc != other.loc for other in faults))])
    return request


def _read_inputs(
    value: Any, faults: list[Fault], settings: Settings, deadline: Deadline, flat: bool
) -> list[InputRequest]:
    if not is_list(value):
        faults.append(Fault(("inputs",), f"expected a list of objects with text or target, got {came(value)}"))
        return []
    if len(value) == 0:
        faults.append(Fault(("inputs",), 'expected at least one input, got an empty list; add {"text": "..."}'))
    elif len(value) > settings.max_series:
        raise TooLarge(
            f"inputs: expected at most {settings.max_series} (STATECAST_MAX_SERIES), got {len(value)}; send them in "
            "several requests"
        )
    with np.errstate(over="ignore"):  # once here, because it costs more than a short list
        return [_one(entry, index, flat, settings.max_fields) for index, entry in enumerate(deadline.each(value))]


def _one(entry: Any, index: int, flat: bool, most: int) -> InputRequest:
    loc = ("inputs", index)
    if not is_object(entry):
        given = InputRequest()
        given.faults.append(Fault(loc, f"expected an object with text or target, got {came(entry)}"))
        return given
    repeated: list[Fault] = []
    given, wrong = INPUT.read(members_of(entry, repeated, loc, most=most), flat=flat)
    given.loc = loc
    given.faults = [*repeated, *(Fault((*loc, *fault.loc), fault.msg) for fault in wrong)]
    return given
