"""Bodies and answers of ``/invocations`` beside our own: those of DeepAR and of Chronos. Parser and OpenAPI at once."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from service.codecs.field_types import AsList, OrNull, Positive, QuantileLevels
from service.codecs.json_document import as_list, came
from service.codecs.schema import Schema
from service.protocols.forecast.series import KNOWN_FIELDS_ONLY, FreqText, SeriesRequest
from service.protocols.schemas import Problem
from service.protocols.unsupported import Unsupported
from service.text.parameters import refused

USUAL_LEVELS = (0.1, 0.5, 0.9)
Output = Literal["mean", "quantiles", "samples"]
Rows = list[float] | list[list[float]]
_Single = Annotated[Any, Unsupported({"const": False}, lambda value: value is False)]
_Ignored = Annotated[Any, Field(description="Accepted; nothing depends on it.")]


@dataclass(eq=False, kw_only=True)
class ChronosParameters:
    """How the series of ``inputs`` are forecast."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    prediction_length: Annotated[Positive, OrNull, Field(description="Steps ahead; 1 if left out, as there.")] = 1
    quantile_levels: Annotated[
        QuantileLevels, OrNull, Field(description="Levels of the quantiles; 0.1, 0.5 and 0.9 if left out.")
    ] = field(default_factory=lambda: list(USUAL_LEVELS))
    freq: FreqText = None
    batch_size: _Ignored = None
    predict_batches_jointly: _Single = False
    cross_learning: _Single = False


@dataclass(eq=False, kw_only=True)
class ChronosBody:
    """Body of a Chronos endpoint. A ``target`` may also be a list with one list per variable."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    inputs: Annotated[list[SeriesRequest], Field(min_length=1)]
    parameters: Annotated[ChronosParameters, OrNull] = field(default_factory=ChronosParameters)


def _levels(value: Any) -> Any:
    """Levels are texts there; numbers are let in as well."""
    entries = as_list(value)
    if not isinstance(entries, list):
        raise refused(f'expected a list of levels such as ["0.1", "0.5", "0.9"], got {came(value)}')
    for index, entry in enumerate(entries):
        try:
            inside = not isinstance(entry, bool) and 0 < float(entry) < 1
        except (TypeError, ValueError):
            inside = False
        if not inside:
            raise refused(f'expected a level within (0, 1), such as "0.5", got {came(entry)}', index=index)
    return [entry if isinstance(entry, str) else repr(entry) for entry in entries]


@dataclass(eq=False, kw_only=True)
class DeepArConfiguration:
    """What the answer to ``instances`` holds."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    num_samples: Annotated[Positive, OrNull, Field(description="Paths of samples; 100 if left out.")] = 100
    output_types: Annotated[list[Output], AsList, OrNull, Field(min_length=1, description="Parts of a prediction.")] = (
        field(default_factory=lambda: ["mean", "quantiles"])
    )
    quantiles: Annotated[
        list[str],
        BeforeValidator(_levels),
        WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 1, "examples": [["0.1", "0.9"]]}),
        Field(min_length=1, description="Levels of the quantiles, as texts."),
    ] = field(default_factory=lambda: list(map(repr, USUAL_LEVELS)))


@dataclass(eq=False, kw_only=True)
class DeepArBody:
    """Body of a DeepAR endpoint. ``cat`` and ``dynamic_feat`` are the model's covariates in its own order."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    instances: Annotated[list[SeriesRequest], Field(min_length=1)]
    configuration: Annotated[DeepArConfiguration, OrNull] = field(default_factory=DeepArConfiguration)


CHRONOS = Schema(ChronosBody, lambda: ChronosBody(inputs=[]))
DEEPAR = Schema(DeepArBody, lambda: DeepArBody(instances=[]))


class Prediction(BaseModel):
    """One series. Beside ``mean``, that of Chronos has each quantile under its level; that of DeepAR has the rest."""

    mean: Rows | None = None
    quantiles: dict[str, Rows] | None = None
    samples: list[list[float]] | None = None
    item_id: str | None = None
    start: str | None = None
    error: Problem | None = Field(None, description="Why this series alone could not be forecast.")


class Predictions(BaseModel):
    """Answer to ``inputs`` and to ``instances``, in the request's order."""

    predictions: list[Prediction]
