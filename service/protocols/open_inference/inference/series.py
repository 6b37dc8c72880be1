"""Tensors of a request as series: a row each, with its own length and covariates."""

import numpy as np
from numpy.typing import NDArray

from service.codecs.faults import quoted, raise_faults, unknown_name
from service.codecs.field_types import identifier_fault
from service.errors import Fault, TooLarge
from service.models.model import Model
from service.models.work_limits import horizon_of
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.forecast.series import SeriesRequest
from service.protocols.open_inference.inference.covariates import add_covariates
from service.protocols.open_inference.inference.request import InferRequest
from service.protocols.open_inference.inference.tensor import Tensor, check_tensor, refuse, values_of_rows
from service.protocols.open_inference.inference.tensor_names import ITEM_ID, LENGTHS, TARGET, inputs_of
from service.settings import Settings
from statecast.time.stamps import TimeOptions


def forecast_request(request: InferRequest, model: Model, settings: Settings) -> ForecastRequest:
    """Make of a request for inference what ``POST /forecast`` makes of its body.

    Parameters
    ----------
    request : InferRequest
        Decoded.
    model : Model
        That it means, one that forecasts.
    settings : Settings
        Limits.

    Returns
    -------
    ForecastRequest
        A series per row.

    Raises
    ------
    TooLarge, Unprocessable
        If a tensor is unknown, or has another type or shape than it must.
    """
    given = request.parameters
    _check_inputs(request, model, settings)
    target = request.inputs[TARGET]
    several = target.values.ndim == 3
    check_tensor(target, ("FP32", "FP64"), (None, None, None) if several else (None, None))
    rows, steps = target.values.shape[:2]
    if rows > settings.max_series:
        raise TooLarge(f"{TARGET}: expected at most {settings.max_series} rows, got {rows}; send fewer at a time")
    if given.sequence_id is not None and rows != 1:
        refuse(TARGET, f"expected one row of a sequence, got {rows}; send each sequence's by itself", "shape")
    lengths = _lengths(request.inputs.get(LENGTHS), rows, steps)
    horizon = horizon_of(given.horizon, model)
    items = values_of_rows(request.inputs.get(ITEM_ID), rows)
    variables = _variables(given.variables, target.values.shape[2] if several else None, settings.max_series)
    values = target.values.reshape(rows, steps, len(variables))
    series = []
    for row in range(rows):
        one = SeriesRequest(
            target={name: values[row, : lengths[row], place] for place, name in enumerate(variables)},
            item_id=None if items is None else items[row],
            start=given.start, freq=given.freq, season=given.season, from_index=given.from_index,
            session=given.sequence_id,
        )  # fmt: skip
        one.loc = ("rows", row)
        if one.item_id is not None and (fault := identifier_fault(one.item_id) if one.item_id else "expected a text"):
            one.fault(fault, ITEM_ID)
        one.read_times_by(TimeOptions(given.timezone))
        series.append(one)
    add_covariates(series, request, model, lengths, horizon)
    return ForecastRequest(
        series=series, model=request.model, missing=given.missing, horizon=given.horizon,
        quantile_levels=given.quantile_levels, timezone=given.timezone, on_conflict=given.on_conflict,
        on_model_change=given.on_model_change,
    )  # fmt: skip


def _check_inputs(request: InferRequest, model: Model, settings: Settings) -> None:
    known = [one.name for one in inputs_of(model)]
    for name in request.inputs:
        if name not in known:
            refuse(name, unknown_name(name, known))
    if TARGET not in request.inputs:
        refuse(TARGET, "expected this input, FP32 or FP64 of shape [rows, steps] or [rows, steps, variables], got none")
    if not request.inputs[TARGET].values.size and request.parameters.sequence_id is None:
        refuse(TARGET, f"expected at least one value, got shape {request.inputs[TARGET].shape}", "shape")
    values = sum(tensor.values.size for tensor in request.inputs.values())
    if values > settings.max_values:
        raise TooLarge(f"inputs: expected at most {settings.max_values} elements (STATECAST_MAX_VALUES), got {values}")


def _variables(text: str | None, count: int | None, most: int) -> tuple[str, ...]:
    """Names of the variables of a target of a third axis of that length; the one that has none is called ""."""
    if count is None:
        if text is not None:
            refuse(
                TARGET, "expected shape [rows, steps, variables] beside variables, got two axes; reshape it", "shape"
            )
        return ("",)
    if not 0 < count <= most:  # of an empty tensor no limit of elements holds the other axes
        refuse(TARGET, f"expected 1 to {most} variables, the last axis, got {count}; send fewer at a time", "shape")
    names = tuple(map(str, range(count))) if text is None else tuple(part.strip() for part in text.split(","))
    if len(names) != count or len(set(names)) != count or not all(names) or any(map(identifier_fault, names)):
        message = f"expected {count} names, one per place of the last axis of {TARGET}, got {quoted(text)}"
        raise_faults([Fault(("parameters", "variables"), f"{message}; name each once, with commas between")])
    return names


def _lengths(tensor: Tensor | None, rows: int, steps: int) -> NDArray[np.int64]:
    found = values_of_rows(tensor, rows, ("INT64", "INT32"))
    if found is None:
        return np.full(rows, steps)
    wrong = np.flatnonzero((found < 0) | (found > steps))
    if len(wrong):
        row = int(wrong[0])
        refuse(LENGTHS, f"expected whole numbers from 0 to {steps}, the steps of {TARGET}, got {found[row]:g}", row)
    return found.astype(np.int64)
