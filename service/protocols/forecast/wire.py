"""What every request over the wire has in common."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid")


class TimeReading(Wire):
    """How the times of a request are read."""

    timezone: str | None = Field(
        None,
        description="Zone such as Europe/Berlin whose days, weeks and months count, and in which times are written.",
    )
    timestamp_unit: Literal["s", "ms"] | None = Field(
        None, description="Unit of whole-number times since 1970; left out, their range tells."
    )
    dayfirst: bool | None = Field(None, description="Whether 01.02.2021 is the 1st of February.")
