"""What goes over the wire, as OpenAPI tells it.

The hot path reads and writes these shapes itself, by arrays; tests hold the two together.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from service.protocols.schemas import AnsweringModel, KnownFields, Number, Problem, TimeReading, Warned

Values = list[Number | None]
Column = list[Number | None] | list[str | None]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Level = Annotated[float, Field(gt=0.0, lt=1.0)]


class ResolutionRequest(KnownFields):
    """Values of buckets of a coarse resolution, each of which takes effect with its bucket's last step."""

    start: str | int = Field(description="Time at which the first bucket begins, as a series' start.")
    target: Values | dict[str, Values] = Field(description="Values, null where missing; as the series' own target.")


class SeriesRequest(KnownFields):
    """One series. Only ``target`` is required."""

    item_id: Id | None = None
    start: str | int | None = Field(
        None,
        json_schema_extra={"examples": ["2026-01-01T00:00:00Z"]},
        description="Time of the first value: RFC 3339, a date, or seconds or milliseconds since 1970.",
    )
    freq: str | None = Field(
        None,
        description="Distance of two values, such as 1h, 15min, 1d, 1mo, or an alias of pandas such as MS, W-SUN, B. "
        "Left out: the model's, or the one that most timestamps show.",
    )
    season: int | None = Field(
        None,
        ge=1,
        lt=2**53,
        description="Steps a season, for a family alone. Left out: the freq's usual one, or what the values show.",
    )
    timestamps: list[str | int] | None = Field(
        None, description="One time per value, ascending, in place of start; steps left out are missing."
    )
    from_index: int | None = Field(None, ge=0, lt=2**53, description="Index of the first value, without times.")
    target: Values | dict[str, Values] = Field(
        description="Values, null where missing; an object with a list a variable."
    )
    past_covariates: dict[str, Column] | None = Field(
        None, description="A list a covariate, one value a value of target."
    )
    future_covariates: dict[str, Column] | None = Field(
        None, description="A list a covariate: one value a step of the horizon, or the history's before them too."
    )
    static_covariates: dict[str, Number | str | None] | None = None
    resolutions: dict[str, ResolutionRequest] | None = Field(
        None, description="By freq, such as 1d: values of the coarse resolutions that the model is given."
    )
    session: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Session to open or advance."
    )


class ForecastRequest(TimeReading):
    """Body of ``POST /forecast``."""

    series: list[SeriesRequest] = Field(min_length=1)
    model: Annotated[str, Field(min_length=1)] | None = Field(None, description="name, name@version or name@sha256:…")
    horizon: int | None = Field(None, ge=1, description="Steps ahead; left out, the model's.")
    quantile_levels: Annotated[list[Level], Field(min_length=1, json_schema_extra={"uniqueItems": True})] | None = None
    missing: Literal["mask", "ffill", "linear", "error"] | None = Field(
        None, description="What to do about missing values."
    )
    include: list[Literal["baseline", "attention"]] | None = None
    timeout_ms: int | None = Field(None, ge=1, lt=2**53)


class Baseline(BaseModel):
    """Seasonal naive forecast, to compare with."""

    name: str
    mean: Values | dict[str, Values]


class Session(BaseModel):
    """A session after the request."""

    id: str
    count: int
    last_timestamp: str | None
    last_index: int | None = None
    digest: str
    expires_at: str
    applied: int
    duplicates: int


class Forecast(KnownFields):
    """One series' forecast, or its ``error``."""

    item_id: str | None
    start: str | None
    freq: str | None
    season: int | None = Field(None, description="Steps a season that a family forecast with.")
    mean: list[Number] | dict[str, list[Number]] | None
    quantiles: dict[str, list[Number] | dict[str, list[Number]]] | None
    baseline: Baseline | None = None
    attention: dict[str, Any] | None = None
    session: Session | None
    warnings: list[Warned]
    error: Problem | None


class Timing(BaseModel):
    """Longest wait and longest computation among the series."""

    queue: float
    compute: float


class ForecastReply(KnownFields):
    """Answer of ``POST /forecast``, in the request's order."""

    id: str
    model: AnsweringModel
    forecasts: list[Forecast]
    timing_ms: Timing
