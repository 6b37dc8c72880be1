"""What nixtla's SDK gets, as OpenAPI describes it. A top-level ``data`` would be unwrapped by it, so none has one."""

from pydantic import BaseModel, Field

from service.protocols.schemas import AnsweringModel, Number, Problem

Numbers = list[Number | None]


class NixtlaWarning(BaseModel):
    """What makes an answer less than it could be."""

    code: str
    detail: str
    series: int = Field(description="How many series it is about.")


class NixtlaReply(BaseModel):
    """What every answer of a task has."""

    mean: Numbers = Field(description="Forecasts of all series, one after the other.")
    intervals: dict[str, Numbers] | None = Field(description="lo-LEVEL and hi-LEVEL of each level.")
    weights_x: list[Number] | None = Field(description="0 for each exogenous column where none was used.")
    feature_contributions: list[list[Number]] | None = Field(
        description="Where requested and no column is used: 0 for each, then the mean."
    )
    model: AnsweringModel = Field(description="What answered.")
    warnings: list[NixtlaWarning]


class NixtlaForecastReply(NixtlaReply):
    """Answer of ``POST /v2/forecast``."""


class NixtlaCrossValidationReply(NixtlaReply):
    """Answer of ``POST /v2/cross_validation``."""

    sizes: list[int] = Field(description="Forecasts of each series.")
    idxs: list[int] = Field(description="Place in series.y of each.")


class NixtlaAnomaliesReply(NixtlaReply):
    """Answer of ``POST /v2/anomaly_detection``: of each series the values past its first season."""

    sizes: list[int]
    anomaly: list[bool]


class NixtlaOnlineAnomaliesReply(NixtlaCrossValidationReply):
    """Answer of ``POST /v2/online_anomaly_detection``."""

    anomaly: list[bool]
    anomaly_score: Numbers = Field(
        description="Normal score of each value, without its sign; null where missing or too young."
    )
    accumulated_anomaly_score: Numbers | None = Field(
        None, description="Of multivariate: sum of the squared scores of all series at a time."
    )


class NixtlaFailure(Problem):
    """Every failure; the SDK shows ``detail``."""


class KeyStatus(BaseModel):
    """Answer of ``GET /validate_api_key``."""

    detail: str


class Consumed(BaseModel):
    """Requests of a span; null where they are not counted or not limited."""

    consumed: int | None
    limit: int | None


class UsageOfKey(BaseModel):
    """Answer of ``GET /usage``."""

    minute: Consumed
    month: Consumed


class NamedModel(BaseModel):
    """A model by a name that requests can give."""

    name: str


class NamedModels(BaseModel):
    """Answer of ``GET /v2/models``."""

    models: list[NamedModel]


class ModelReach(BaseModel):
    """Values of a history that count, and steps ahead of a usual forecast."""

    input_size: int
    horizon: int


class ModelParameters(BaseModel):
    """Answer of ``GET /model_params``."""

    detail: ModelReach


class NixtlaFinetuneReply(BaseModel):
    """Answer of ``POST /v2/finetune``."""

    finetuned_model_id: str
    model: AnsweringModel


class FinetunedModel(BaseModel):
    """A model that a job of this key fitted."""

    id: str
    created_at: str
    created_by: str = Field(description="Name of the key.")
    base_model_id: str
    steps: int
    depth: int = Field(description="5: all weights are tuned.")
    loss: str
    model: str
    freq: str


class FinetunedModels(BaseModel):
    """Answer of ``GET /v2/finetuned_models``."""

    finetuned_models: list[FinetunedModel]
