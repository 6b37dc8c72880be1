"""What a request for text asks, whatever path it came by: plain values, checked but for what only the model knows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.codecs.faults import quoted as shown
from service.codecs.json_document import came as kind_of
from service.codecs.json_document import is_list
from service.codecs.json_fields import text_of, whole_of
from service.errors import TooLarge
from service.settings import Settings

MAX_STOPS = 16
MAX_STOP = 200
MAX_TEMPERATURE = 10.0
MAX_ID = 200


@dataclass
class TextGeneration:
    """A request for text. ``seed`` None: the server picks one.  stops: texts that end one."""

    prompt: str = ""
    model: str | None = None
    max_tokens: int = 200
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    stops: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    session: str | None = None
    stream: bool = False

    def check(self, settings: Settings) -> None:
        """Refuse what is over a limit, before anything waits for it.

        Raises
        ------
        TooLarge
            It names the limit.
        """
        if len(self.prompt) > settings.max_prompt:
            raise TooLarge(
                f"prompt: expected at most {settings.max_prompt} characters (STATECAST_MAX_PROMPT), got "
                f"{len(self.prompt)}; send its end, or send it in parts to a session"
            )
        if self.n > settings.generation_rows:
            raise TooLarge(
                f"n: expected at most {settings.generation_rows} (STATECAST_GENERATION_ROWS), got {self.n}; ask for "
                "fewer texts"
            )
        if self.n * self.max_tokens > settings.max_tokens:
            raise TooLarge(
                f"max_tokens: expected max_tokens times n of at most {settings.max_tokens} (STATECAST_MAX_TOKENS), got "
                f"{self.max_tokens} times {self.n}; ask for less, and go on in a session"
            )


def prompt_of(fields: dict[str, Any], fault: Callable[..., None]) -> str:
    """Read the prompt, which may be empty."""
    value = fields.get("prompt", "")
    if not isinstance(value, str):
        fault(f"expected a text, got {kind_of(value)}", "prompt")
        return ""
    return whole_text(value, fault, "prompt")


def whole_text(value: str, fault: Callable[..., None], *where: str | int) -> str:
    """Give a text back if it can be encoded; half a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        fault(f"expected whole characters, got a lone surrogate at position {error.start}; send valid Unicode", *where)
        return ""
    return value


def read_drawing(fields: dict[str, Any], asked: TextGeneration, fault: Callable[..., None]) -> None:
    """Read how a text is drawn and where it ends."""
    asked.max_tokens = whole_of(fields, "max_tokens", 1, fault) or asked.max_tokens
    asked.n = whole_of(fields, "n", 1, fault) or asked.n
    asked.seed = whole_of(fields, "seed", 0, fault)
    asked.top_k = whole_of(fields, "top_k", 0, fault) or 0
    asked.temperature = temperature_of(fields, fault)
    top_p = number_of(fields, "top_p", 1.0, fault)
    if not 0.0 < top_p <= 1.0:
        fault(f"expected a number above 0, up to 1 for no cut, got {shown(top_p)}", "top_p")
    asked.top_p = top_p
    asked.stops = _stops(fields.get("stop"), fault)
    asked.stream = flag_of(fields, "stream", fault)


def temperature_of(fields: dict[str, Any], fault: Callable[..., None]) -> float:
    """Read a temperature; 1 where it is left out."""
    temperature = number_of(fields, "temperature", 1.0, fault)
    if not 0.0 <= temperature <= MAX_TEMPERATURE:
        fault(f"expected a number from 0 to {MAX_TEMPERATURE:g}, got {shown(temperature)}", "temperature")
    return temperature


def number_of(fields: dict[str, Any], name: str, default: float, fault: Callable[..., None]) -> float:
    """Read a finite number; the default where it is left out or wrong."""
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        fault(f"expected a number, got {kind_of(value)}", name)
        return default
    return float(value)


def flag_of(fields: dict[str, Any], name: str, fault: Callable[..., None]) -> bool:
    """Read true or false; false where it is left out or wrong."""
    value = fields.get(name, False)
    if not isinstance(value, bool):
        fault(f"expected true or false, got {kind_of(value)}", name)
        return False
    return value


def session_of(fields: dict[str, Any], fault: Callable[..., None]) -> str | None:
    """Read a session's id, one that a path can hold."""
    session = text_of(fields, "session", fault)
    if session is None:
        return None
    if len(session) > MAX_ID or not session.isprintable():
        fault(f"expected at most {MAX_ID} printable characters, got {shown(session)}", "session")
    elif "/" in session or session in (".", ".."):
        fault("expected an id that a path can hold, got one with a slash or only dots; use - instead", "session")
    return whole_text(session, fault, "session")


def _stops(value: Any, fault: Callable[..., None]) -> tuple[str, ...]:
    if value is None:
        return ()
    stops = [value] if isinstance(value, str) else list(value) if is_list(value) else None
    if stops is None:
        fault(f"expected a text or a list of texts, got {kind_of(value)}", "stop")
        return ()
    if len(stops) > MAX_STOPS:
        fault(f"expected at most {MAX_STOPS} texts, got {len(stops)}", "stop")
        return ()
    for index, stop in enumerate(stops):
        where = ("stop",) if isinstance(value, str) else ("stop", index)
        if not isinstance(stop, str):
            fault(f"expected a text, got {kind_of(stop)}", *where)
        elif not 0 < len(stop) <= MAX_STOP:
            fault(f"expected a text of 1 to {MAX_STOP} characters, got {len(stop)}; leave an empty one out", *where)
        else:
            whole_text(stop, fault, *where)
    return tuple(stop for stop in stops if isinstance(stop, str) and stop)
