"""Covariates of a request: each a tensor of its own name, or all that are numbers in one tensor."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.models.model import Model
from service.protocols.forecast.series import SeriesRequest
from service.protocols.open_inference.inference.request import InferRequest
from service.protocols.open_inference.inference.tensor import BYTES, check_tensor, refuse, values_of_rows
from service.protocols.open_inference.inference.tensor_names import FUTURE, PAST, TARGET, numeric_of
from statecast.inputs.covariates import Covariate


def add_covariates(
    series: Sequence[SeriesRequest], request: InferRequest, model: Model, lengths: NDArray[np.int64], horizon: int
) -> None:
    """Give each row's series its covariates.

    Parameters
    ----------
    series : sequence of SeriesRequest
        One per row, changed in place.
    request : InferRequest
        Its names are known to the model.
    model : Model
        Names the covariates.
    lengths : array of int64, ``[rows]``
        Steps of each row.
    horizon : int
        Steps ahead F.

    Raises
    ------
    Unprocessable
        If one has another type or shape than it must.
    """
    config = model.config
    steps = request.inputs[TARGET].values.shape[1]
    past = f"expected a second axis of {steps}, one per step of {TARGET}"
    for name, values in _by_name(config.past_covariates, request, PAST, len(series)):
        if values.shape[1] != steps:
            refuse(name, f"{past}, got {values.shape[1]}", "shape")
        for row, one in enumerate(series):
            one.past_covariates[name] = values[row, : lengths[row]]
    ahead = (
        f"expected a second axis of {horizon}, one per step ahead, or {steps + horizon} with those of {TARGET} before"
    )
    for name, values in _by_name(config.future_covariates, request, FUTURE, len(series)):
        if values.shape[1] not in (horizon, steps + horizon):
            refuse(name, f"{ahead}, got {values.shape[1]}", "shape")
        before = values.shape[1] - horizon
        for row, one in enumerate(series):
            known = values[row, : min(before, lengths[row])]
            one.future_covariates[name] = np.concatenate([known, values[row, before:]])
    for covariate in config.static_covariates:
        found = values_of_rows(request.inputs.get(covariate.name), len(series), _datatypes(covariate))
        for value, one in zip(found if found is not None else (), series, strict=found is not None):
            if value != "":
                one.static_covariates[covariate.name] = value if covariate.levels else float(value)


def _by_name(
    covariates: tuple[Covariate, ...], request: InferRequest, stacked: str, rows: int
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Give each covariate that a request has, as ``[rows, steps]``."""
    numeric = numeric_of(covariates)
    together = request.inputs.get(stacked) if stacked not in {one.name for one in covariates} else None
    if together is not None:
        check_tensor(together, ("FP32", "FP64"), (rows, None, len(numeric)))
    for covariate in covariates:
        alone = request.inputs.get(covariate.name)
        if alone is not None and together is not None and covariate in numeric:
            refuse(covariate.name, f"expected it once, got it in {stacked} too; leave one out")
        if alone is not None:
            check_tensor(alone, _datatypes(covariate), (rows, None))
            values = alone.values
            if covariate.levels:  # no text stands for a missing one, because a tensor has no null
                values = values.copy()
                values[values == ""] = None
            yield covariate.name, values
        elif together is not None and covariate in numeric:
            yield covariate.name, together.values[:, :, numeric.index(covariate)]


def _datatypes(covariate: Covariate) -> Sequence[str]:
    return (BYTES,) if covariate.levels else ("FP32", "FP64")
