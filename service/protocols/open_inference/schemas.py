"""Requests and answers of the protocol over HTTP, as OpenAPI describes them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Parameters = Annotated[
    dict[str, Any],
    Field(
        description="horizon, quantile_levels (or quantiles), start, freq, season, timezone, from_index, missing, "
        "on_conflict, on_model_change, as in POST /forecast; sequence_id, sequence_start, sequence_end; timeout in "
        "microseconds; binary_data_output."
    ),
]
Data = Annotated[list[Any], Field(description="Elements row by row, flat or one list within another; null is missing.")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class InferInput(_Shape):
    """A tensor; its elements in ``data``, or behind the JSON with ``parameters.binary_data_size``."""

    name: str
    shape: list[int]
    datatype: Literal["FP32", "FP64", "INT32", "INT64", "BYTES"]
    parameters: dict[str, Any] | None = None
    data: Data | None = None


class InferOutputChoice(_Shape):
    """An output that is wanted; with ``parameters.binary_data`` as bytes behind the JSON."""

    name: str
    parameters: dict[str, Any] | None = None


class InferBody(_Shape):
    """Body of ``POST /v2/models/{model}/infer``."""

    id: str | None = None
    parameters: Parameters | None = None
    inputs: list[InferInput] = Field(
        examples=[[{"name": "target", "shape": [1, 3], "datatype": "FP32", "data": [12.1, None, 12.9]}]]
    )
    outputs: list[InferOutputChoice] | None = None


class InferOutput(_Shape):
    """A tensor of the answer."""

    name: Literal["mean", "quantiles"]
    datatype: Literal["FP32", "FP64"]
    shape: list[int]
    parameters: dict[str, Any] | None = None
    data: list[float] | None = None


class InferAnswer(_Shape):
    """Answer of ``POST /v2/models/{model}/infer``."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: dict[str, Any] = Field(
        description="quantile_levels with commas; the sequence as it was named; warnings as JSON."
    )
    outputs: list[InferOutput]


class OpenInferenceError(BaseModel):
    """Every failure."""

    error: str


class ServerMetadata(BaseModel):
    """What the server is."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(BaseModel):
    """A tensor that a model takes or gives; -1 is an axis of any length."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """What a model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class IndexBody(_Shape):
    """Body of ``POST /v2/repository/index``."""

    model_config = ConfigDict(strict=True)

    repository_name: str = ""
    ready: bool = Field(False, description="Whether only models are wanted that are ready.")


class ModelIndex(BaseModel):
    """A model that is loaded, or a folder that could not be."""

    name: str
    version: str
    state: Literal["READY", "UNAVAILABLE"]
    reason: str


class Statistic(BaseModel):
    """How many requests took how long together."""

    count: int
    ns: int


class ModelFigures(BaseModel):
    """What this protocol's requests to a model came to since the start."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    version: str
    last_inference: int = Field(description="Milliseconds since 1970.")
    inference_count: int = Field(description="Rows that were forecast.")
    execution_count: int = Field(description="Batches that they were in.")
    inference_stats: dict[str, Statistic]
    batch_stats: list[Any]


class ModelStatistics(BaseModel):
    """Figures of models."""

    model_config = ConfigDict(protected_namespaces=())

    model_stats: list[ModelFigures]
