"""Answers of the probes, of ``/models`` and of ``/sessions``."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from service.protocols.forecast.schemas import Session
from service.protocols.schemas import AnsweringModel

Kind = Literal["forecaster", "family", "generator", "classifier", "transcriber"]


class SessionDetails(Session):
    """A session on its own. ``scores`` are those of forecasts.

    Of a text ``count`` and ``last_index`` count tokens, of what is classified tokens or values, of a recording samples.
    """

    kind: Kind
    season: int | None = Field(None, description="Steps per season, for a session of a family.")
    model: AnsweringModel
    created_at: str
    bytes: int
    scores: dict[str, Any]


class Sessions(BaseModel):
    """A page of the caller's sessions."""

    sessions: list[SessionDetails]
    cursor: str | None = Field(description="Leads to the next page; null on the last one.")


class ModelLimits(BaseModel):
    """Limits of a request to a model."""

    horizon: int
    quantile_levels: list[float]
    max_history: int
    max_gap: int


class TextLimits(BaseModel):
    """Limits of a request for text."""

    max_prompt: int
    max_tokens: int


class InputLimits(BaseModel):
    """Limits of a request that has inputs classified."""

    max_inputs: int
    max_characters: int
    max_steps: int


class RecordingLimits(BaseModel):
    """Limits of a request that has a recording written down."""

    max_recording_s: float


class CovariateDetails(BaseModel):
    """A covariate that the model reads; ``levels`` where it is one of several texts."""

    name: str
    levels: list[str]


class ModelDetails(BaseModel):
    """One loaded model. What applies to forecasts alone is null for a model of another kind, and the reverse."""

    name: str
    version: str
    digest: str
    default: bool
    kind: Kind
    streaming: str
    horizon: int | None = Field(None, description="Steps ahead where a request names none.")
    reach: int | None = Field(None, description="Steps ahead at most; beyond its horizon a family rolls on.")
    longest_season: int | None = Field(None, description="Of a family, which forecasts any season up to this.")
    state_bytes_by_season: dict[str, int] | None = None
    freq: str | None = None
    season: int | None = None
    resolutions: list[int] | None = Field(None, description="Base steps per step of each resolution.")
    given: list[str] | None = Field(None, description="Resolutions whose values a series brings, by freq.")
    quantile_levels: list[float] | None = None
    vocabulary: str | None = Field(None, description="char, word or byte.")
    vocabulary_size: int | None = None
    labels: list[str] | None = Field(None, description="Classes of a classifier; none if it estimates a number.")
    channels: list[str] | None = Field(None, description="Names of the values of a step that a classifier reads.")
    symbols: list[str] | None = Field(None, description="What a transcriber writes.")
    sample_rates: list[int] | None = Field(None, description="Samples per second that a transcriber hears.")
    limits: ModelLimits | TextLimits | InputLimits | RecordingLimits
    columns: dict[str, str] = Field({}, description="What item_id, timestamp and target were called in its table.")
    past_covariates: list[CovariateDetails] = []
    future_covariates: list[CovariateDetails] = []
    static_covariates: list[CovariateDetails] = []
    state_bytes: int = Field(description="Bytes of the state of one series or text; 0 where none is carried.")
    scores: dict[str, Any] = Field(description="Errors on the test split, ours and the baselines'.")
    coverage: dict[str, Any] = Field(description="Share of values below each quantile on the test split.")
    created: str | None


class Models(BaseModel):
    """What is loaded."""

    default: str | None
    models: list[ModelDetails]


class Live(BaseModel):
    """The event loop turns."""

    live: Literal[True] = True


class Ready(BaseModel):
    """A model is warm and the last step worked."""

    ready: Literal[True] = True
    engine: str
    models: list[str]
    broken: dict[str, str]
    store: dict[str, Any]
    open_to_all: bool
