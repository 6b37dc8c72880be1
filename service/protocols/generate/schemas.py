"""Bodies and answers of ``POST /generate``. The bodies are parser and OpenAPI at once, see ``codecs.schema``."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from service.codecs.field_types import AsList, Flag, OrNull, Positive
from service.codecs.schema import Schema
from service.protocols.forecast.schemas import HorizonBody
from service.protocols.schemas import AnsweringModel, KnownFields, Number, Problem, Warned
from service.text.parameters import Prompt, Seed, Temperature, TextParameters, TextSession

Sampled = list[list[Number]] | dict[str, list[list[Number]]]
Returned = Literal["samples", "quantiles"]


@dataclass(eq=False, kw_only=True)
class TextRequest(TextParameters):
    """Text: ``POST /generate`` with a prompt, or with a session that has something to go on from."""

    prompt: Annotated[
        Prompt, OrNull, Field(description="What is continued; it may be empty where a session goes on.")
    ] = ""
    session: TextSession = None


@dataclass(eq=False, kw_only=True)
class PathsRequest(HorizonBody):
    """Paths: ``POST /generate`` with series."""

    num_samples: Annotated[Positive, OrNull, Field(description="Paths per series; 100 if left out.")] = 100
    temperature: Annotated[
        Temperature, OrNull, Field(description="0 is the mean path, above 1 wider; 1 if left out.")
    ] = 1.0
    seed: Seed = None
    returns: Annotated[
        list[Returned], AsList, OrNull, Field(alias="return", min_length=1, description="What the answer holds.")
    ] = field(default_factory=lambda: ["samples", "quantiles"])
    stream: Annotated[Flag, OrNull, Field(description="Whether to answer with server-sent events.")] = False


TEXT = Schema(TextRequest)
PATHS = Schema(PathsRequest, lambda: PathsRequest(series=[]))


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


class TextSessionReply(BaseModel):
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
    session: TextSessionReply | None
    warnings: list[Warned]


class Path(KnownFields):
    """Paths of one series, or its ``error``."""

    item_id: str | None
    start: str | None
    freq: str | None
    season: int | None = Field(None, description="Steps per season with which a family forecast.")
    samples: Sampled | None = Field(None, description="One list of values per path.")
    quantiles: dict[str, list[Number] | dict[str, list[Number]]] | None = None
    warnings: list[Warned]
    error: Problem | None


class PathsReply(KnownFields):
    """Paths, in the request's order."""

    id: str
    model: AnsweringModel
    seed: int
    paths: list[Path]
