"""What clients of the OpenAI API send and get: the request is parser and OpenAPI at once, see ``codecs.schema``."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from service.codecs.faults import raise_faults
from service.codecs.field_types import Flag, OrNull, Positive
from service.codecs.json_document import as_list, is_list, parse_object
from service.codecs.members import members_of
from service.codecs.schema import Schema
from service.errors import Fault
from service.protocols.generate.schemas import Choice, Usage
from service.protocols.unsupported import Unsupported
from service.text.parameters import Prompt, TextParameters, refused


def _one_prompt(value: Any) -> Any:
    """A prompt may stand in a list of one."""
    if not is_list(value):
        return value
    entries = as_list(value)
    if len(entries) == 1 and isinstance(entries[0], str):
        return entries[0]
    raise refused("expected one text, got a list; send several prompts in several requests, they run together")


def _zero(value: Any) -> bool:
    return value == 0 and not isinstance(value, bool)


_NoFlag = Annotated[Any, Unsupported({"const": False}, lambda value: value is False)]
_NoNumber = Annotated[Any, Unsupported({"const": 0}, _zero)]
_NoText = Annotated[Any, Unsupported({"const": ""}, lambda value: value == "")]
_NoMembers = Annotated[Any, Unsupported({"type": "object", "maxProperties": 0}, lambda value: value == {})]
_Ignored = Annotated[Any, Field(description="Accepted; nothing depends on it.")]
_PROMPT = {"type": "string", "minLength": 1}


@dataclass(eq=False)
class StreamOptions:
    """Whether a last chunk holds the usage; nothing is obfuscated either way."""

    __pydantic_config__ = TextParameters.__pydantic_config__

    include_usage: Annotated[Flag, OrNull] = False
    include_obfuscation: Annotated[Flag, OrNull] = False


@dataclass(eq=False, kw_only=True)
class CompletionRequest(TextParameters):
    """Body of ``POST /v1/completions``. What this server does not support is refused, unless it changes nothing."""

    prompt: Annotated[
        Prompt,
        BeforeValidator(_one_prompt),
        WithJsonSchema({"anyOf": [_PROMPT, {"type": "array", "items": _PROMPT, "minItems": 1, "maxItems": 1}]}),
    ]
    max_tokens: Annotated[Positive, OrNull, Field(description="Tokens per text; 16 if left out.")] = 16
    best_of: Annotated[Positive | None, Field(description="As many as n: every text is returned.")] = None
    stream_options: Annotated[StreamOptions, OrNull] = field(default_factory=StreamOptions)
    user: Annotated[str | None, Field(strict=True, description="Accepted; nothing depends on it.")] = None
    metadata: _Ignored = None
    store: _Ignored = None
    service_tier: _Ignored = None
    safety_identifier: _Ignored = None
    prompt_cache_key: _Ignored = None
    echo: _NoFlag = False
    suffix: _NoText = ""
    logprobs: _NoFlag = False
    presence_penalty: _NoNumber = 0
    frequency_penalty: _NoNumber = 0
    logit_bias: _NoMembers = field(default_factory=dict)


_REQUEST = Schema(CompletionRequest, lambda: CompletionRequest(prompt=""))


def decode_completion(body: bytes) -> CompletionRequest:
    """Read a body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.

    Returns
    -------
    CompletionRequest
        What the client requests.

    Raises
    ------
    Malformed, Unprocessable
        If it is no JSON object, is wrong, or needs what this server does not support.
    """
    faults: list[Fault] = []
    request, wrong = _REQUEST.read(members_of(parse_object(body), faults))
    faults += wrong
    if request.best_of not in (None, request.n):
        message = f"expected n ({request.n}), because every text is returned, got {request.best_of}"
        faults.append(Fault(("best_of",), message))
    raise_faults(faults)
    return request


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
    """The models that ``/v1/completions`` can use."""

    object: Literal["list"] = "list"
    data: list[OpenaiModel]
