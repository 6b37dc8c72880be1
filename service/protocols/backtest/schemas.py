"""Body, query string and answer of ``POST /backtest``."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from service.codecs.field_types import AsList, OrNull, Positive, Text
from service.protocols.forecast.schemas import Horizon, HorizonBody, Levels, TableParameters, TimeoutMs
from service.protocols.request_shape import RequestShape
from service.protocols.schemas import AnsweringModel, KnownFields, Number, Problem, Warned

METRICS = ("mase", "wql", "coverage")
"""What is measured where a request does not say."""
Returned = Literal["metrics", "forecasts"]

Count = Annotated[
    Positive,
    OrNull,
    Field(description="Cut-offs of each series, counted back from the last whose horizon is observed; 1 if left out."),
]
Step = Annotated[Positive | None, Field(description="Steps from one cut-off to the next; left out, the horizon.")]
MetricNames = Annotated[
    list[Text],
    AsList,
    OrNull,
    Field(min_length=1, description="Names of metrics.", examples=[list(METRICS)]),
]
Returns = Annotated[
    list[Returned], AsList, OrNull, Field(alias="return", min_length=1, description="What the answer holds.")
]


@dataclass(eq=False, kw_only=True)
class BacktestRequest(HorizonBody):
    """Body of ``POST /backtest``."""

    cutoffs: Count = 1
    step: Step = None
    metrics: MetricNames = field(default_factory=lambda: list(METRICS))
    returns: Returns = field(default_factory=lambda: ["metrics"])
    timeout_ms: TimeoutMs = None


@dataclass(eq=False, kw_only=True)
class BacktestParameters(TableParameters):
    """Query string of ``POST /backtest``."""

    horizon: Horizon = None
    quantile_levels: Levels = None
    cutoffs: Count = 1
    step: Step = None
    metrics: MetricNames = field(default_factory=lambda: list(METRICS))
    returns: Returns = field(default_factory=lambda: ["metrics"])


BACKTEST = RequestShape(BacktestRequest, BacktestParameters, ahead=False)
"""``POST /backtest``."""

Figures = dict[str, Number | None]
Values = list[Number | None] | dict[str, list[Number | None]]


class CutoffForecast(KnownFields):
    """The forecast made at one cut-off, beside what came."""

    cutoff: str | int
    target: Values
    mean: Values
    quantiles: dict[str, Values]


class Backtest(KnownFields):
    """One series' backtest, or its ``error``."""

    item_id: str | None
    freq: str | None
    season: int | None = Field(None, description="Steps per season with which a family forecast.")
    cutoffs: list[str | int] | None = Field(
        description="The last step that each forecast knew: its time, or its index."
    )
    metrics: Figures | None = Field(None, description="Over all cut-offs.")
    by_cutoff: dict[str, list[Number | None]] | None = Field(None, description="The same at each.")
    forecasts: list[CutoffForecast] | None = None
    warnings: list[Warned]
    error: Problem | None


class PassTiming(BaseModel):
    """What the engine spent on all series."""

    compute: float


class BacktestReply(KnownFields):
    """Answer of ``POST /backtest``, in the request's order."""

    id: str
    model: AnsweringModel
    horizon: int
    step: int
    nominal_coverage: Number
    metrics: Figures | None = Field(None, description="Over all series.")
    results: list[Backtest]
    timing_ms: PassTiming
