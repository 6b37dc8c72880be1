"""Body and answer of ``POST /classify``. The body is parser and OpenAPI at once, see ``codecs.schema``."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, Field

from service.codecs.field_types import Index, OrNull
from service.codecs.schema import Schema
from service.protocols.forecast.schemas import ModelName, TimeoutMs
from service.protocols.forecast.series import KNOWN_FIELDS_ONLY, Located, MayOpen, SessionText, Target
from service.protocols.schemas import AnsweringModel, KnownFields, Number, Problem, Warned
from service.text.parameters import Prompt


@dataclass(eq=False, kw_only=True)
class InputRequest(Located):
    """One input: a text for a model of texts, a target for a model of series."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    text: Annotated[
        Prompt | None, Field(description="The text; of a session what is new of it, cut between words.")
    ] = None
    target: Annotated[Target, OrNull] = field(default_factory=dict)
    session: SessionText = None
    open: MayOpen = None
    from_index: Annotated[
        Index | None,
        Field(
            description="Index of the first value or token in its session, which the session's count says. What was "
            "sent with the last request may then be sent again, and is not read twice."
        ),
    ] = None


@dataclass(eq=False, kw_only=True)
class ClassifyRequest:
    """Body of ``POST /classify``."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    inputs: Annotated[list[InputRequest], Field(min_length=1, examples=[[{"text": "what a film"}]])]
    model: ModelName = None
    timeout_ms: TimeoutMs = None


INPUT = Schema(InputRequest)
REQUEST = Schema(ClassifyRequest, lambda: ClassifyRequest(inputs=[]))


class SequenceSession(BaseModel):
    """A session after the request; ``count`` tokens or values long."""

    id: str
    count: int
    digest: str
    expires_at: str
    applied: int
    duplicates: int
    opened: bool = Field(description="Whether this request opened it.")


class Result(KnownFields):
    """What one input is, or its ``error``."""

    label: str | None = Field(description="The likeliest class.")
    probabilities: dict[str, Number] | None
    value: Number | None = Field(None, description="Of a model that estimates a number instead.")
    session: SequenceSession | None
    warnings: list[Warned]
    error: Problem | None


class ClassifyReply(KnownFields):
    """Answer of ``POST /classify``, in the request's order."""

    id: str
    model: AnsweringModel
    results: list[Result]
