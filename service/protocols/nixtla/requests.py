"""What nixtla's SDK sends: parser and OpenAPI at once, see ``codecs.schema``."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from service.codecs.field_types import AsList, Flag, Index, OrNull, Positive, Text, Timestamp
from service.codecs.json_document import came, is_list
from service.codecs.number_array import Doubles, NumberArray, Values, read_values
from service.protocols.forecast.series import KNOWN_FIELDS_ONLY
from service.protocols.unsupported import Unsupported
from service.text.parameters import Seed, refused

MOST_COLUMNS = 1000
"""Exogenous columns of one request."""


class RowArrays:
    """``Annotated[list[Values], RowArrays]``: a list of lists, each read as ``ValueArray`` reads one."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read each straight into an array."""
        return core_schema.no_info_plain_validator_function(_rows)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe lists of numbers or of texts."""
        entries = [{"type": "array", "items": {"anyOf": [{"type": kind}, {"type": "null"}]}} for kind in _ENTRIES]
        return {"type": "array", "items": {"anyOf": entries}, "maxItems": MOST_COLUMNS}


_ENTRIES = ("number", "string", "boolean")


def _rows(value: Any) -> list[Values]:
    if not is_list(value):
        raise refused(f"expected a list with one list per column, got {came(value)}")
    if len(value) > MOST_COLUMNS:
        raise refused(f"expected at most {MOST_COLUMNS} columns, got {len(value)}; send fewer")
    rows = []
    for place, row in enumerate(value):
        try:
            rows.append(read_values(row, flat=False))
        except PydanticCustomError as error:
            where = f", value {error.context['index']}" if error.context and "index" in error.context else ""
            raise refused(f"column {place}{where}: {error.message()}") from None
    return rows


Columns = Annotated[list[Values], RowArrays]
Interval = Annotated[float, Strict(), Field(ge=0, lt=100, allow_inf_nan=False)]
Level = Annotated[
    list[Interval] | None,
    AsList,
    Field(description="Percent of values inside of each interval; each gives lo-LEVEL and hi-LEVEL.", examples=[[80]]),
]
OneLevel = Annotated[
    float, Strict(), OrNull, Field(gt=0, lt=100, description="Percent of values that are expected inside.")
]
Steps = Annotated[
    Index,
    OrNull,
    Field(description="Training steps on these series before they are forecast, 0 for none; needs the extra training."),
]
_NoMembers = Annotated[
    Any,
    Unsupported({"type": "object", "maxProperties": 0}, lambda value: value == {}, "leave it out; models have none"),
]
_Ignored = Annotated[Any, Field(description="Accepted; nothing depends on it.")]


@dataclass(eq=False, kw_only=True)
class FlatSeries:
    """Series one after the other, each in its order of time. Their ids and times are not part of it."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    y: Annotated[Doubles, NumberArray, Field(description="Values of all series, null where missing.")]
    sizes: Annotated[list[Positive], AsList, Field(min_length=1, description="Values of each series.")]
    start_datetime: Annotated[
        Annotated[list[Timestamp], AsList] | None,
        Field(description="Time of each series' first value; left out where times are numbers or their zone shifts."),
    ] = None
    X: Annotated[
        Columns | None,
        Field(
            description="Exogenous columns, each with a value per value of y: those known ahead first, their numbers "
            "before their texts, then those of the past."
        ),
    ] = None
    X_future: Annotated[
        Columns | None, Field(description="The columns known ahead, each with h values per series.")
    ] = None
    categorical_exog: Annotated[
        Annotated[list[Index], AsList] | None, Field(description="Which columns of X hold categories.")
    ] = None


@dataclass(eq=False, kw_only=True)
class TaskRequest:
    """What every request can say."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    series: FlatSeries
    model: Annotated[
        Text | None, Field(description="A model of this server, or a name of STATECAST_NIXTLA_MODELS.")
    ] = None
    freq: Annotated[Text | None, Field(description="Time between two values, as pandas writes it.")] = None
    finetuned_model_id: Annotated[Text | None, Field(description="Names a model of this server, before model.")] = None
    multivariate: Annotated[Flag, OrNull, Field(description="Series are forecast each by itself; warned of.")] = False
    clean_ex_first: _Ignored = None
    finetune_steps: Steps = 0
    finetune_depth: _Ignored = None
    finetune_loss: _Ignored = None
    refit: _Ignored = None
    model_parameters: _NoMembers = None
    feature_contributions: Annotated[
        Flag, OrNull, Field(description="Shapley values of columns: 0 for those that the model does not take.")
    ] = False
    feature_contributions_type: _Ignored = None
    job_options: _Ignored = None


@dataclass(eq=False, kw_only=True)
class NixtlaForecast(TaskRequest):
    """Body of ``POST /v2/forecast``."""

    h: Annotated[Positive, Field(description="Steps ahead.")]
    level: Level = None


@dataclass(eq=False, kw_only=True)
class NixtlaCrossValidation(TaskRequest):
    """Body of ``POST /v2/cross_validation``; with ``full_history`` every value past the first season."""

    h: Annotated[Positive | None, Field(description="Steps ahead; 1 with full_history.")] = None
    n_windows: Annotated[Positive, OrNull, Field(description="Cut-offs of each series; 1 if left out.")] = 1
    step_size: Annotated[Positive | None, Field(description="Steps between two cut-offs; h if left out.")] = None
    full_history: Annotated[Flag, OrNull, Field(description="One step ahead from each value of the history.")] = False
    hist_exog: Annotated[
        Annotated[list[Index], AsList] | None, Field(description="Columns of X of the past alone.")
    ] = None
    level: Level = None


@dataclass(eq=False, kw_only=True)
class NixtlaAnomalies(TaskRequest):
    """Body of ``POST /v2/anomaly_detection``."""

    level: OneLevel = 99


@dataclass(eq=False, kw_only=True)
class NixtlaOnlineAnomalies(TaskRequest):
    """Body of ``POST /v2/online_anomaly_detection``."""

    h: Annotated[Positive, Field(description="Steps that a value is forecast ahead, at most.")]
    detection_size: Annotated[Positive, Field(description="Values at the end of each series that are looked at.")]
    threshold_method: Annotated[
        Literal["univariate", "multivariate"],
        OrNull,
        Field(description="Whether each value is judged by itself, or all series at a time together."),
    ] = "univariate"
    step_size: Annotated[Positive | None, Field(description="Steps between two cut-offs; h if left out.")] = None
    hist_exog: Annotated[
        Annotated[list[Index], AsList] | None, Field(description="Columns of X of the past alone.")
    ] = None
    level: OneLevel = 99


@dataclass(eq=False, kw_only=True)
class NixtlaFinetune(TaskRequest):
    """Body of ``POST /v2/finetune``."""

    finetune_steps: Steps = 10
    output_model_id: Annotated[
        Text | None, Field(description="Id of the model; left out, one that its series give it.")
    ] = None


@dataclass(eq=False, kw_only=True)
class NixtlaSimulation(TaskRequest):
    """Body of ``POST /v2/simulate/async``."""

    h: Positive
    n_paths: Annotated[Positive, OrNull] = 100
    seed: Seed = None
    quantiles: _Ignored = None
