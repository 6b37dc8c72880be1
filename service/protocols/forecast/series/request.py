"""One series of a request: parser and OpenAPI at once, see ``codecs.schema``."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from service.codecs.faults import Loc, raise_faults
from service.codecs.field_types import (
    AsList,
    Flag,
    Identifier,
    Index,
    OrNull,
    Positive,
    Scalar,
    SessionId,
    Text,
    Timestamp,
    WithoutNulls,
)
from service.codecs.number_array import Doubles, NumberArray, ValueArray, Values
from service.codecs.schema import Schema
from service.errors import Fault
from statecast.time.stamps import AS_THEY_ARE, Stamps, TimeOptions

KNOWN_FIELDS_ONLY = ConfigDict(extra="forbid")


def _by_variable(value: Any) -> Any:
    if isinstance(value, dict) and not value:
        message = "expected at least one variable, got an empty object"
        raise PydanticCustomError("refused", "{message}", {"message": message})
    return value if isinstance(value, dict) else {"": value}


class _ListOrObject:
    """OpenAPI of a target: one list, or an object with one list per variable."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        inner = handler(schema)
        return {"anyOf": [inner["additionalProperties"], {**inner, "minProperties": 1}]}


class _Read:
    """``Annotated[T, _Read(kind)]``: a body is read as ``kind``, while a table may bring all that T allows."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self._kind)


Target = Annotated[
    dict[str, Annotated[Doubles, NumberArray]],
    BeforeValidator(_by_variable),
    _ListOrObject,
    Field(description="Values, null where missing: one list, or an object with one list per variable."),
]
# As they came (texts, numbers, ``datetime64``), or read already: stamps, or step indices (int64).
TimeColumn = list[Any] | Stamps | NDArray[Any] | None
Times = Annotated[
    TimeColumn,
    _Read(Annotated[list[Timestamp], Field(fail_fast=True), AsList] | None),
    Field(description="One time per value, ascending, instead of start; steps left out are missing."),
]
FreqText = Annotated[
    Text | None,
    Field(
        description="Time between two values, such as 1h, 15min, 1d, 1mo, or an alias of pandas such as MS, W-SUN, B. "
        "Left out: the model's own, or the one that most timestamps show."
    ),
]
SeasonSteps = Annotated[
    Positive | None,
    Field(
        description="Steps per season, for a family of models only. Left out: the usual season of the freq, or the one "
        "that the values show."
    ),
]
SessionText = Annotated[SessionId | None, Field(description="Session to open or to advance.")]
MayOpen = Annotated[
    Flag | None,
    Field(
        description="false advances a session that exists and answers 404 where there is none; true opens one and "
        "answers 409 where there is one; left out, either."
    ),
]
Columns = dict[str, Annotated[Values, ValueArray, OrNull]]


class Located:
    """Where a part of a request stands, and what is wrong with it.

    Attributes
    ----------
    loc : tuple of (str or int)
        Its place in the request.
    faults : list of Fault
        What is wrong with it; a series that has any fails alone.
    rows : array of int64, ``[T]``, or None
        Row of each value in the table that it came in, counted from 0; None where it came in JSON.
    time_options : TimeOptions
        How its times are to be read.
    unclear_freq : str
        Why the freq, which was left out, does not show in its times; then only an open session knows it.
    notes : tuple of (str, str)
        Code and detail of what its client should know of how its table was read.
    """

    loc: Loc
    faults: list[Fault]
    rows: NDArray[np.int64] | None
    time_options = AS_THEY_ARE
    unclear_freq = ""
    notes: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self.loc, self.faults, self.rows = (), [], None

    @property
    def table(self) -> bool:
        """Whether it came as rows of a table."""
        return self.rows is not None

    def fault(self, msg: str, *where: str | int) -> None:
        """Note one thing that is wrong.

        Parameters
        ----------
        msg : str
            What was expected, what came, how to mend it.
        *where : str or int
            Place within this part; of a value of a table its index, for which its row is named.
        """
        if self.rows is not None and where and isinstance(where[-1], int):
            where = (*where[:-1], int(self.rows[where[-1]]))
        self.faults.append(Fault((*self.loc, *where), msg))

    def raise_faults(self) -> None:
        """Refuse it for what was noted, if anything.

        Raises
        ------
        Unprocessable
            With every fault.
        """
        raise_faults(self.faults)


@dataclass(eq=False, kw_only=True)
class ResolutionRequest(Located):
    """Values of buckets of a lower frequency, each of which takes effect with its bucket's last step."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    start: Annotated[
        str | int | None,
        _Read(Timestamp),
        Field(description="Time at which the first bucket begins, as the start of a series."),
    ]
    target: Target
    timestamps: TimeColumn = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.timestamps = None


@dataclass(eq=False, kw_only=True)
class SeriesRequest(Located):
    """One series. Only ``target`` is required."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    item_id: Annotated[Identifier | None, Field(description="Name of the series, repeated in the reply.")] = None
    start: Annotated[
        Timestamp | None,
        Field(description="Time of the first value: RFC 3339, a date, or seconds or milliseconds since 1970."),
    ] = None
    freq: FreqText = None
    season: SeasonSteps = None
    timestamps: Times = None
    from_index: Annotated[Index | None, Field(description="Index of the first value, for a series without times.")] = (
        None
    )
    target: Target
    past_covariates: Annotated[
        Columns, WithoutNulls, OrNull, Field(description="One list per covariate, one value per target value.")
    ] = field(default_factory=dict)
    future_covariates: Annotated[
        Columns,
        WithoutNulls,
        OrNull,
        Field(
            description="One list per covariate: one value per step of the horizon, optionally preceded by one per "
            "target value."
        ),
    ] = field(default_factory=dict)
    static_covariates: Annotated[
        dict[str, Annotated[float | str, Scalar, OrNull]],
        WithoutNulls,
        OrNull,
        Field(description="One value per covariate."),
    ] = field(default_factory=dict)
    resolutions: Annotated[
        dict[str, Annotated[ResolutionRequest, OrNull]],
        WithoutNulls,
        OrNull,
        Field(
            description="By freq: values of a lower frequency that the model reads beside the target.",
            examples=[{"1d": {"start": "2026-01-01T00:00:00Z", "target": [24.0, 25.5]}}],
        ),
    ] = field(default_factory=dict)
    session: SessionText = None
    open: MayOpen = None

    def read_times_by(self, options: TimeOptions) -> None:
        """Have its times read by options of the request, as far as it has none of its own.

        Parameters
        ----------
        options : TimeOptions
            Those of the request.
        """
        if options != AS_THEY_ARE:
            for part in (self, *self.resolutions.values()):
                part.time_options = part.time_options.filled(options)


SERIES = Schema(SeriesRequest, lambda: SeriesRequest(target={}))
