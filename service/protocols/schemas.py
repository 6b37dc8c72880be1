"""Shapes that several protocols share, as OpenAPI describes them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[float, Field(allow_inf_nan=False)]


class KnownFields(BaseModel):
    """A shape without any further field."""

    model_config = ConfigDict(extra="forbid")


class Fault(BaseModel):
    """One thing that is wrong, and where."""

    loc: list[str | int]
    msg: str


class Problem(BaseModel):
    """Every failure (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault]
    request_id: str


class AnsweringModel(BaseModel):
    """Which model it was."""

    name: str
    version: str
    digest: str


class Warned(BaseModel):
    """What makes an answer less than it could be."""

    code: str
    detail: str
