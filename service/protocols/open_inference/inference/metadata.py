"""What the protocol says of the server and its models, as JSON; gRPC's messages have the same names."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from service.errors import Loading
from service.models.catalog import Catalog
from service.models.model import Model
from service.protocols.container import Container
from service.protocols.open_inference.inference.statistics import Statistics
from service.protocols.open_inference.inference.tensor_names import TensorShape, inputs_of, outputs_of
from service.settings import Settings

_EXTENSIONS = ["binary_tensor_data", "model_configuration", "model_repository", "sequence", "statistics"]
_TYPES = {"FP32": "TYPE_FP32", "INT64": "TYPE_INT64", "BYTES": "TYPE_STRING"}


def model_text(name: str, version: str) -> str:
    """Give the text by which the catalogue knows a model.

    Parameters
    ----------
    name : str
        As a request has it.
    version : str
        Likewise; "" for the latest.

    Returns
    -------
    str
        ``name`` or ``name@version``.
    """
    return f"{name}@{version}" if version else name


def server_metadata() -> dict[str, Any]:
    """Give what ``GET /v2`` says."""
    return {"name": "statecast", "version": version("statecast"), "extensions": _EXTENSIONS}


def model_metadata(model: Model, catalogue: Catalog) -> dict[str, Any]:
    """Give what ``GET /v2/models/{model}`` says.

    Parameters
    ----------
    model : Model
        That it means.
    catalogue : Catalog
        Has its other versions.

    Returns
    -------
    dict
        ``ModelMetadataResponse`` of the protocol.
    """
    return {
        "name": model.name,
        "versions": [other.version for other in catalogue.models if other.name == model.name],
        "platform": f"statecast_{model.kind}",
        "inputs": _tensors(inputs_of(model)),
        "outputs": _tensors(outputs_of(model)),
    }


def _tensors(shapes: Sequence[TensorShape]) -> list[dict[str, Any]]:
    return [{"name": one.name, "datatype": one.datatype, "shape": list(one.shape)} for one in shapes]


def model_config(model: Model, settings: Settings) -> dict[str, Any]:
    """Give what ``GET /v2/models/{model}/config`` says.

    Parameters
    ----------
    model : Model
        That it means.
    settings : Settings
        Limits.

    Returns
    -------
    dict
        The part of ``ModelConfig`` of the protocol that applies here; its axes do not count the one of rows.
    """
    return {
        "name": model.name,
        "platform": f"statecast_{model.kind}",
        "backend": "statecast",
        "version_policy": {"all": {}},
        "max_batch_size": settings.max_series,
        "input": [_dimensions(one) | {"optional": one.optional} for one in inputs_of(model)],
        "output": [_dimensions(one) for one in outputs_of(model)],
    }


def _dimensions(one: TensorShape) -> dict[str, Any]:
    return {"name": one.name, "data_type": _TYPES[one.datatype], "dims": list(one.shape[1:]) or [1]}


def repository_index(catalogue: Catalog, *, ready: bool) -> list[dict[str, Any]]:
    """Give what ``POST /v2/repository/index`` says.

    Parameters
    ----------
    catalogue : Catalog
        Models that are loaded, and folders that could not be.
    ready : bool
        Whether only the former are wanted.

    Returns
    -------
    list of dict
        ``ModelIndex`` of the protocol.
    """
    found = [{"name": one.name, "version": one.version, "state": "READY", "reason": ""} for one in catalogue.models]
    lost = [
        {"name": path.rstrip("/").rpartition("/")[2], "version": "", "state": "UNAVAILABLE", "reason": reason}
        for path, reason in catalogue.broken.items()
    ]
    return found if ready else found + lost


def model_statistics(models: Sequence[Model], statistics: Statistics) -> dict[str, Any]:
    """Give what ``GET /v2/models/stats`` says, or that of one model.

    Parameters
    ----------
    models : sequence of Model
        Of which.
    statistics : Statistics
        What this protocol's requests came to.

    Returns
    -------
    dict
        ``ModelStatisticsResponse`` of the protocol.
    """
    return {"model_stats": [statistics.of(model) for model in models]}


def check_ready(container: Container) -> None:
    """Fail as ``/ready`` does.

    Parameters
    ----------
    container : Container
        Of the app.

    Raises
    ------
    Loading
        If no model is warm, or the last step failed.
    """
    ready, _ = container.ready().forecasts.ready
    if not ready:
        raise Loading("the engine's last step failed; the server's log says why")
