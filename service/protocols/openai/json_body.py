"""A body of ``POST /v1/completions``: what we can do is done, what would change the meaning is refused by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.codecs.faults import raise_faults
from service.codecs.json_document import came as kind_of
from service.codecs.json_document import is_list, is_object
from service.codecs.json_fields import fields_of, text_of
from service.codecs.text_request import TextGeneration, flag_of, prompt_of, read_drawing
from service.errors import Fault
from service.protocols.generate.json_body import decode_object

MAX_TOKENS = 16
"""Of requests that give none, as that API has it."""
READ = ("model", "prompt", "max_tokens", "temperature", "top_k", "top_p", "stop", "seed", "n", "stream")
# Nothing that comes back depends on these.
HARMLESS = ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key")
# These we have not; the value that leaves the answer as it is may stand there.
NEUTRAL: dict[str, Callable[[Any], bool]] = {
    "echo": lambda value: value is False,
    "suffix": lambda value: value == "",
    "logprobs": lambda value: value is False,
    "presence_penalty": lambda value: value == 0 and not isinstance(value, bool),
    "frequency_penalty": lambda value: value == 0 and not isinstance(value, bool),
    "logit_bias": lambda value: is_object(value) and not len(value),
}


@dataclass
class CompletionAsked:
    """A request, and whether a stream ends with the usage."""

    text: TextGeneration
    usage: bool = False


def decode_completion(body: bytes) -> CompletionAsked:
    """Read a body.

    Raises
    ------
    Malformed, Unprocessable
        If it is not JSON, or asks for what is wrong or what we have not.
    """
    faults: list[Fault] = []

    def fault(msg: str, *where: str | int) -> None:
        faults.append(Fault(where, msg))

    fields = fields_of(decode_object(body), (*READ, "best_of", "stream_options", *HARMLESS, *NEUTRAL), fault)
    for name, neutral in NEUTRAL.items():
        if name in fields and not neutral(fields[name]):
            fault(f"expected it to be left out, for this server has no such thing, got {kind_of(fields[name])}", name)
    if not isinstance(fields.get("user", ""), str):
        fault(f"expected a text, got {kind_of(fields['user'])}", "user")
    asked = TextGeneration(model=text_of(fields, "model", fault), max_tokens=MAX_TOKENS)
    asked.prompt = _prompt(fields, fault)
    read_drawing(fields, asked, fault)
    if fields.get("best_of", asked.n) != asked.n:
        fault(f"expected n ({asked.n}), for every text is returned, got {kind_of(fields['best_of'])}", "best_of")
    usage = _usage(fields.get("stream_options"), fault)
    raise_faults(faults)
    return CompletionAsked(asked, usage)


def _prompt(fields: dict[str, Any], fault: Callable[..., None]) -> str:
    """Read the prompt: a text, or a list of one."""
    value: Any = fields.get("prompt", "")
    if is_list(value) and len(value) == 1 and isinstance(value[0], str):
        return prompt_of({"prompt": value[0]}, fault)
    if is_list(value):
        fault("expected one text, got a list; send several prompts in several requests, they run together", "prompt")
        return ""
    return prompt_of(fields, fault)


def _usage(value: Any, fault: Callable[..., None]) -> bool:
    if value is None:
        return False
    if not is_object(value):
        fault(f"expected an object with include_usage, got {kind_of(value)}", "stream_options")
        return False
    known = ("include_usage", "include_obfuscation")
    options = fields_of(value, known, lambda msg, *where: fault(msg, "stream_options", *where))
    for name in known:
        flag_of(options, name, lambda msg, *where: fault(msg, "stream_options", *where))
    return options.get("include_usage") is True
