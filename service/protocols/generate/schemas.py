"""What ``/generate`` and ``/v1`` send and take, as OpenAPI tells it; tests hold the two together."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.codecs.field_types import MAX_ID, DayFirst, Level, TimestampUnit, Timezone
from service.protocols.forecast.series import SeriesRequest
from service.protocols.schemas import AnsweringModel, KnownFields, Number, Problem, Warned

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
Seed = Annotated[int, Field(ge=0, lt=2**53)]
Temperature = Annotated[float, Field(ge=0, le=10)]
Stop = Annotated[str, Field(min_length=1, max_length=200)]
Stops = Stop | Annotated[list[Stop], Field(max_length=16)]
TopP = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1, lt=2**53)]
Sampled = list[list[Number]] | dict[str, list[list[Number]]]
Levels = Annotated[list[Level], Field(min_length=1, json_schema_extra={"uniqueItems": True})]


class TextRequest(KnownFields):
    """Text: ``POST /generate`` with a prompt."""

    prompt: str | None = Field(None, description="What is written on; only a session that exists goes on without.")
    model: Annotated[str, Field(min_length=1)] | None = Field(None, description="name, name@version or name@sha256:…")
    max_tokens: Count | None = Field(None, description="Tokens a text; 200 if left out.")
    temperature: Temperature | None = Field(None, description="0 always takes the likeliest; 1 if left out.")
    top_k: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(None, description="Among the k likeliest; 0 is all.")
    top_p: TopP | None = Field(None, description="Among the likeliest that together reach p.")
    stop: Stops | None = Field(None, description="Strings that end a text; they are cut off.")
    seed: Seed | None = Field(None, description="Left out, the server picks one and returns it.")
    n: Count | None = Field(None, description="Number of texts; 1 beside a session.")
    session: Id | None = Field(None, description="Session to open or go on with.")
    stream: bool | None = Field(None, description="Answer with server-sent events.")


class PathsRequest(KnownFields):
    """Paths: ``POST /generate`` with series."""

    series: list[SeriesRequest] = Field(min_length=1)
    model: Annotated[str, Field(min_length=1)] | None = Field(None, description="name, name@version or name@sha256:…")
    horizon: Count | None = Field(None, description="Steps ahead, also beyond the model's; left out, the model's.")
    num_samples: Count | None = Field(None, description="Paths per series; 100 if left out.")
    temperature: Temperature | None = Field(None, description="0 is the mean path, above 1 wider; 1 if left out.")
    seed: Seed | None = Field(None, description="Left out, the server picks one and returns it.")
    returns: Annotated[list[Literal["samples", "quantiles"]], Field(min_length=1)] | None = Field(None, alias="return")
    quantile_levels: Levels | None = Field(None, description="Of the quantiles of the paths; left out, the model's.")
    missing: Literal["mask", "ffill", "linear", "error"] | None = Field(
        None, description="What to do about missing values."
    )
    timezone: Timezone = None
    timestamp_unit: TimestampUnit = None
    dayfirst: DayFirst = None
    stream: bool | None = Field(None, description="Answer with server-sent events.")


class Choice(BaseModel):
    """One text."""

    index: int
    text: str
    finish_reason: Literal["length", "stop"]


class Usage(BaseModel):
    """Tokens of the prompt, and of all texts."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class TextSession(BaseModel):
    """The session after the request; ``count`` tokens long."""

    id: str
    count: int
    digest: str
    expires_at: str


class TextReply(KnownFields):
    """Texts."""

    id: str
    model: AnsweringModel
    seed: int
    choices: list[Choice]
    usage: Usage
    session: TextSession | None
    warnings: list[Warned]


class Path(KnownFields):
    """Paths of one series, or its ``error``. samples: a list of H values a path."""

    item_id: str | None
    start: str | None
    freq: str | None
    season: int | None = Field(None, description="Steps a season that a family forecast with.")
    samples: Sampled | None = None
    quantiles: dict[str, list[Number] | dict[str, list[Number]]] | None = None
    warnings: list[Warned]
    error: Problem | None


class PathsReply(KnownFields):
    """Paths, in the request's order."""

    id: str
    model: AnsweringModel
    seed: int
    paths: list[Path]


class StreamOptions(KnownFields):
    """Whether a last chunk tells the usage; nothing is obfuscated either way."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class CompletionRequest(BaseModel):
    """Body of ``POST /v1/completions``. What this server has not is refused, unless it changes nothing."""

    model_config = ConfigDict(extra="forbid")
    model: Annotated[str, Field(min_length=1)] | None = None
    prompt: (
        Annotated[str, Field(min_length=1)]
        | Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=1)]
    )
    max_tokens: Count | None = Field(None, description="16 if left out.")
    temperature: Temperature | None = None
    top_k: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    top_p: TopP | None = None
    stop: Stops | None = None
    seed: Seed | None = None
    n: Count | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None


class CompletionChoice(Choice):
    """One text."""

    logprobs: None


class Completion(BaseModel):
    """Answer of ``POST /v1/completions``."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[CompletionChoice]
    usage: Usage
    seed: int


class OpenaiFault(BaseModel):
    """What is wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenaiError(BaseModel):
    """Every failure below ``/v1``."""

    error: OpenaiFault


class OpenaiModel(BaseModel):
    """One model that writes text."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class OpenaiModels(BaseModel):
    """What ``/v1/completions`` can be asked of."""

    object: Literal["list"] = "list"
    data: list[OpenaiModel]
