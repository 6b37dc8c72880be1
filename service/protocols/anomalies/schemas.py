"""Body, query string and answer of ``POST /anomalies``."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, Strict

from service.codecs.field_types import OrNull
from service.protocols.backtest.schemas import PassTiming, Values
from service.protocols.forecast.schemas import SeriesBody, TableParameters, TimeoutMs
from service.protocols.request_shape import RequestShape
from service.protocols.schemas import AnsweringModel, KnownFields, Number, Problem, Warned

LevelPercent = Annotated[
    float,
    Strict(),
    OrNull,
    Field(gt=0.0, lt=100.0, description="Percent of values that are expected inside of the interval; 99 if left out."),
]
Flags = list[bool | None] | dict[str, list[bool | None]]


@dataclass(eq=False, kw_only=True)
class AnomaliesRequest(SeriesBody):
    """Body of ``POST /anomalies``."""

    level: LevelPercent = 99.0
    timeout_ms: TimeoutMs = None


@dataclass(eq=False, kw_only=True)
class AnomaliesParameters(TableParameters):
    """Query string of ``POST /anomalies``."""

    level: LevelPercent = 99.0


ANOMALIES = RequestShape(AnomaliesRequest, AnomaliesParameters, ahead=False)
"""``POST /anomalies``."""


class Interval(KnownFields):
    """Where a value was expected."""

    lower: Values
    upper: Values


class Anomalies(KnownFields):
    """One value each per value of a series from its first observed one on, or its ``error``.

    The first has no forecast and is null; a missing value has no surprise and no flag. Nor have those of a series$
    that is too young: up to one value past its first season, and while it has never changed.
    """

    item_id: str | None
    start: str | int | None = Field(description="When the first of them was: its time, or its index.")
    freq: str | None
    season: int | None = Field(None, description="Steps per season with which a family forecast.")
    expected: Values | None
    interval: Interval | None
    surprise: Values | None = Field(
        description="Probability with which the value was forecast to be at most as large: 0.001 is a low outlier."
    )
    flag: Flags | None = Field(description="Whether the value lies outside of the interval.")
    flagged: int | None = Field(description="How many do.")
    warnings: list[Warned]
    error: Problem | None


class AnomaliesReply(KnownFields):
    """Answer of ``POST /anomalies``, in the request's order."""

    id: str
    model: AnsweringModel
    level: Number
    results: list[Anomalies]
    timing_ms: PassTiming
