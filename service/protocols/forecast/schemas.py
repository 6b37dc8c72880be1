"""Body, query string and answer of ``POST /forecast``.

The request shapes are parser and OpenAPI at once, see ``request_shape``; those of the answer describe what ``encoder``
writes, and tests hold the two together.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from service.codecs.field_types import (
    AsList,
    BoundsOrNull,
    DayFirst,
    Missing,
    Number,
    OrNull,
    Positive,
    QuantileLevels,
    Text,
    TimestampUnit,
    Timezone,
)
from service.protocols.forecast.series import (
    KNOWN_FIELDS_ONLY,
    FreqText,
    MayOpen,
    SeasonSteps,
    SeriesRequest,
    SessionText,
)
from service.protocols.request_shape import RequestShape
from service.protocols.schemas import AnsweringModel, KnownFields, Problem, Warned
from statecast.tables.options import TableOptions
from statecast.time.stamps import TimeOptions

ModelName = Annotated[
    Text | None, Field(description="name, name@version or name@sha256:…; left out, the default model.")
]
Horizon = Annotated[Positive | None, Field(description="Steps ahead; left out, the model's own horizon.")]
Levels = Annotated[
    QuantileLevels | None,
    Field(description="Levels of the quantiles, from 0.01 to 0.99; left out, those that were trained."),
]
Imputation = Annotated[Missing, OrNull, Field(description="How missing values are imputed.")]
Additions = Annotated[
    list[Literal["baseline", "attention"]], AsList, OrNull, Field(description="What else the reply holds.")
]
AnomalyLevel = Annotated[
    Annotated[Number, Field(gt=0, lt=100, examples=[99])] | None,
    Field(
        description="Of a session: flags in anomaly each value outside of the central interval of this nominal "
        "coverage, in per cent, of the forecast made for it."
    ),
]
OnConflict = Annotated[
    Literal["error", "replay"],
    OrNull,
    Field(description="Of a session: what becomes of late and corrected observations: refused, or put in their place."),
]
OnModelChange = Annotated[
    Literal["error", "reprime"],
    OrNull,
    Field(description="Of a session of an earlier version: refused, or the new one reads what the session keeps."),
]
TimeoutMs = Annotated[Positive | None, Field(description="Milliseconds after which the work is dropped.")]
ColumnName = Annotated[
    Text | None,
    Field(description="Of a table: a column by its name; left out, the usual ones, else what columns hold."),
]
Separator = Annotated[
    Text | None,
    Field(description="Of a text table: comma, semicolon, tab, pipe or the character; left out, its lines show it."),
]
DecimalMark = Annotated[
    Text | None,
    Field(description="Of a text table: point or comma before decimals; left out, its numbers show it."),
]
Encoding = Annotated[
    Text | None,
    Field(description="Of a text table: utf-8, utf-16, latin-1, ...; left out, its bytes show it."),
]
Values = list[float | None]


@dataclass(eq=False, kw_only=True)
class TimeReading:
    """How the times of a request are to be read."""

    timezone: Timezone = None
    timestamp_unit: TimestampUnit = None
    dayfirst: DayFirst = None

    @property
    def time_options(self) -> TimeOptions:
        """The same as a value of the calendar."""
        return TimeOptions(self.timezone, self.timestamp_unit, self.dayfirst)


@dataclass(eq=False, kw_only=True)
class SeriesBody(TimeReading):
    """What every request about series can say."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    series: Annotated[list[SeriesRequest], Field(min_length=1, examples=[[{"target": [1.0, None, 2.5]}]])]
    model: ModelName = None
    missing: Imputation = "mask"
    bounds: BoundsOrNull = None


@dataclass(eq=False, kw_only=True)
class HorizonBody(SeriesBody):
    """What every request for forecasts of series can say."""

    horizon: Horizon = None
    quantile_levels: Levels = None


@dataclass(eq=False, kw_only=True)
class ForecastRequest(HorizonBody):
    """Body of ``POST /forecast``."""

    include: Additions = field(default_factory=list)
    timeout_ms: TimeoutMs = None
    anomaly_level: AnomalyLevel = None
    on_conflict: OnConflict = "error"
    on_model_change: OnModelChange = "error"

    @property
    def says_more(self) -> bool:
        """Whether it says what few requests say of sessions."""
        return self.anomaly_level is not None or (self.on_conflict, self.on_model_change) != ("error", "error")


@dataclass(eq=False, kw_only=True)
class TableParameters(TimeReading):
    """What every query string can say: what a table cannot, and what a JSON body may leave out."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    model: ModelName = None
    missing: Imputation = "mask"
    timeout_ms: TimeoutMs = None
    bounds: BoundsOrNull = None
    freq: FreqText = None
    season: SeasonSteps = None
    id_column: ColumnName = None
    timestamp_column: ColumnName = None
    target_column: ColumnName = None
    separator: Separator = None
    decimal: DecimalMark = None
    encoding: Encoding = None

    @property
    def session(self) -> str | None:
        """The session of every series; None where requests of this kind have none."""
        return None

    @property
    def open(self) -> bool | None:
        """Whether that is to be opened, see ``SeriesRequest``."""
        return None

    @property
    def table_options(self) -> TableOptions:
        """How the text of a table is read; raises ``InputError`` where an option has no such value."""
        return TableOptions.read(self.separator, self.decimal, self.encoding, self.time_options)

    @property
    def columns(self) -> tuple[str | None, str | None, str | None]:
        """Columns of items, times and targets that are named."""
        return self.id_column, self.timestamp_column, self.target_column


@dataclass(eq=False, kw_only=True)
class QueryParameters(TableParameters):
    """Query string of ``POST /forecast``."""

    horizon: Horizon = None
    quantile_levels: Levels = None
    include: Additions = field(default_factory=list)
    anomaly_level: AnomalyLevel = None
    on_conflict: OnConflict = "error"
    on_model_change: OnModelChange = "error"
    session: SessionText = None
    open: MayOpen = None


FORECAST = RequestShape(ForecastRequest, QueryParameters, ahead=True)
"""``POST /forecast``."""
R = TypeVar("R", bound=SeriesBody)


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
    opened: bool = Field(description="Whether this request opened it.")
    surprise: list[float | None] | dict[str, list[float | None]] | None = Field(
        None,
        description="Of each value of target, the probability with which the last forecast made for it expected one at "
        "most as large: 0.001 is a low outlier. null for duplicates, missing values, where no forecast was made, and "
        "while the series is too young: up to one value past its first season, and while it has never changed.",
    )
    anomaly: list[bool | None] | dict[str, list[bool | None]] | None = Field(
        None, description="With anomaly_level: which of them lie outside of that interval."
    )


class Forecast(KnownFields):
    """One series' forecast, or its ``error``."""

    item_id: str | None
    start: str | None
    freq: str | None
    season: int | None = Field(None, description="Steps per season with which a family forecast.")
    mean: list[float] | dict[str, list[float]] | None
    quantiles: dict[str, list[float] | dict[str, list[float]]] | None
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
