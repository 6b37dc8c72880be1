"""The tensors that a model takes and gives, by name; what the metadata lists, and what a request is checked against."""

from typing import NamedTuple

from service.models.kinds import FORECASTING
from service.models.model import Model
from service.protocols.open_inference.inference.tensor import BYTES
from statecast.inputs.covariates import Covariate

TARGET, LENGTHS, ITEM_ID = "target", "lengths", "item_id"
PAST, FUTURE = "past", "future"
MEAN, QUANTILES = "mean", "quantiles"


class TensorShape(NamedTuple):
    """A tensor as the metadata lists it.

    Parameters
    ----------
    name : str
        Of the tensor.
    datatype : str
        The usual one; where it is ``FP32`` or ``INT64``, ``FP64`` or ``INT32`` is read too.
    shape : tuple of int
        -1 for an axis of any length; the first one counts the rows.
    optional : bool
        Whether a request may leave it out.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    optional: bool = True


def inputs_of(model: Model) -> list[TensorShape]:
    """Give the tensors that a model takes.

    Parameters
    ----------
    model : Model
        Of any kind.

    Returns
    -------
    list of TensorShape
        Empty for a model that forecasts no series.
    """
    if model.kind not in FORECASTING:
        return []
    config = model.config
    found = [
        TensorShape(TARGET, "FP32", (-1, -1), optional=False),
        TensorShape(LENGTHS, "INT64", (-1,)),
        TensorShape(ITEM_ID, BYTES, (-1,)),
    ]
    for covariates, shape in (
        (config.past_covariates, (-1, -1)), (config.future_covariates, (-1, -1)), (config.static_covariates, (-1,)),
    ):  # fmt: skip
        found += [TensorShape(one.name, BYTES if one.levels else "FP32", shape) for one in covariates]
    for name, covariates in ((PAST, config.past_covariates), (FUTURE, config.future_covariates)):
        if numeric := numeric_of(covariates):
            found.append(TensorShape(name, "FP32", (-1, -1, len(numeric))))
    # A covariate that is called as one of the protocol's own tensors cannot be sent by its name.
    return list({one.name: one for one in reversed(found)}.values())[::-1]


def outputs_of(model: Model) -> list[TensorShape]:
    """Give the tensors that a model gives.

    Parameters
    ----------
    model : Model
        Of any kind.

    Returns
    -------
    list of TensorShape
        Empty for a model that forecasts no series.
    """
    if model.kind not in FORECASTING:
        return []
    return [TensorShape(MEAN, "FP32", (-1, -1)), TensorShape(QUANTILES, "FP32", (-1, -1, -1))]


def numeric_of(covariates: tuple[Covariate, ...]) -> list[Covariate]:
    """Give the covariates that are numbers, in the model's order.

    Parameters
    ----------
    covariates : tuple of Covariate
        Of the model.
    """
    return [one for one in covariates if not one.levels]
