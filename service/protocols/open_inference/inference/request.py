"""A request for inference, however it came: over HTTP or gRPC, in binary or in JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from service.codecs.faults import raise_faults
from service.codecs.field_types import Flag, Index, OrNull, Positive, Text, Timestamp, Timezone
from service.codecs.query_string import typed
from service.codecs.schema import Schema
from service.errors import Fault
from service.protocols.forecast.schemas import Horizon, Imputation, Levels, OnConflict, OnModelChange
from service.protocols.forecast.series import KNOWN_FIELDS_ONLY, FreqText, SeasonSteps, SessionText
from service.protocols.open_inference.inference.tensor import Tensor


@dataclass(eq=False, kw_only=True)
class InferParameters:
    """What stands beside the tensors. The clients' own names are theirs; the rest is that of ``POST /forecast``."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    horizon: Horizon = None
    quantile_levels: Levels = None
    start: Annotated[Timestamp | None, Field(description="Time of the first value of every row.")] = None
    freq: FreqText = None
    season: SeasonSteps = None
    timezone: Timezone = None
    from_index: Annotated[Index | None, Field(description="Index of the first value in its sequence.")] = None
    variables: Annotated[
        Text | None, Field(description="Names of the variables of a target of three axes, between commas.")
    ] = None
    missing: Imputation = "mask"
    on_conflict: OnConflict = "error"
    on_model_change: OnModelChange = "error"
    sequence_id: SessionText = None
    sequence_start: Annotated[Flag, OrNull] = False
    sequence_end: Annotated[Flag, OrNull] = False
    timeout: Annotated[Positive | None, Field(description="Microseconds after which the work is dropped.")] = None
    binary_data_output: Annotated[Flag, OrNull] = False
    triton_enable_empty_final_response: Annotated[Flag, OrNull] = False


PARAMETERS = Schema(InferParameters)
_OTHER_NAMES = {"quantiles": "quantile_levels"}


@dataclass(frozen=True)
class RequestedOutput:
    """An output that a client names.

    Parameters
    ----------
    name : str
        Of the tensor.
    binary : bool
        Whether it is wanted as bytes behind the JSON; gRPC has no other way.
    """

    name: str
    binary: bool = True


@dataclass(eq=False)
class InferRequest:
    """One request for inference.

    Parameters
    ----------
    model : str
        ``name`` or ``name@version``.
    id : str
        The client's own, repeated in the reply; "" for none.
    parameters : InferParameters
        What stands beside the tensors.
    inputs : dict of str to Tensor
        By name.
    outputs : sequence of RequestedOutput
        Empty for all.
    """

    model: str
    id: str
    parameters: InferParameters
    inputs: dict[str, Tensor]
    outputs: Sequence[RequestedOutput] = ()


def read_parameters(members: dict[str, Any]) -> InferParameters:
    """Read parameters; lists may come as texts with commas, because a client of this protocol cannot send lists.

    Parameters
    ----------
    members : dict of str to object
        By name.

    Returns
    -------
    InferParameters
        Checked.

    Raises
    ------
    Unprocessable
        With everything that is wrong.
    """
    found: dict[str, Any] = {}
    for name, value in members.items():
        known = _OTHER_NAMES.get(name, name)
        found[known] = _sequence_id(value) if known == "sequence_id" else _listed(value, PARAMETERS.kind_of(known))
    if found.get("priority") in (0, None):
        found.pop("priority", None)
    parameters, faults = PARAMETERS.read({name: value for name, value in found.items() if value is not None})
    faults = [Fault(("parameters", *fault.loc), fault.msg) for fault in faults]
    if parameters.sequence_id is None and not faults and (parameters.sequence_start or parameters.sequence_end):
        message = "expected one beside sequence_start and sequence_end, got none; name the sequence, or leave them out"
        faults.append(Fault(("parameters", "sequence_id"), message))
    raise_faults(faults)
    return parameters


def _sequence_id(value: Any) -> Any:
    """Numbers and texts name sequences alike; 0 and "" stand for none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else None
    return None if value == "" else value


def _listed(value: Any, kind: str) -> Any:
    if kind == "array" and isinstance(value, float):
        return [value]
    return typed(value.replace(" ", ""), kind) if kind == "array" and isinstance(value, str) else value


def check_distinct(names: Sequence[str], what: str) -> None:
    """Refuse a request that names a tensor twice.

    Parameters
    ----------
    names : sequence of str
        Of its tensors.
    what : str
        ``inputs`` or ``outputs``.

    Raises
    ------
    Unprocessable
        With the first of them.
    """
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise_faults([Fault((what, twice), "expected each tensor once, got it twice; leave one out")])
