"""How a text is to be written, in every protocol: parser and OpenAPI at once, see ``codecs.schema``."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from service.codecs.field_types import Flag, Index, OrNull, Positive, SessionId, Text
from service.codecs.json_document import as_list, came
from service.errors import TooLarge
from service.settings import Settings

MAX_STOPS = 16
MAX_STOP = 200
_STOP = {"type": "string", "minLength": 1, "maxLength": MAX_STOP}


def refused(message: str, **context: int) -> PydanticCustomError:
    """Make a refusal of a value in our own words.

    Parameters
    ----------
    message : str
        What was expected, what came, how to mend it.
    **context : int
        ``index`` of the entry of a list that is wrong.

    Returns
    -------
    PydanticCustomError
        Not raised yet.
    """
    return PydanticCustomError("refused", "{message}", {"message": message, **context})


def whole_characters(value: Any) -> Any:
    """Refuse half a surrogate pair, which cannot be encoded, by its place.

    Parameters
    ----------
    value : Any
        Anything but a text passes, to be refused by the field's type.

    Returns
    -------
    Any
        The value itself.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            message = f"expected whole characters, got a lone surrogate at position {error.start}; send valid Unicode"
            raise refused(message) from None
    return value


def _stops(value: Any) -> Any:
    stops = [value] if isinstance(value, str) else as_list(value)
    if not isinstance(stops, list):
        raise refused(f"expected a text or a list of texts, got {came(value)}")
    if len(stops) > MAX_STOPS:
        raise refused(f"expected at most {MAX_STOPS} texts, got {len(stops)}")
    for index, stop in enumerate(stops):
        place = {} if isinstance(value, str) else {"index": index}
        if not isinstance(stop, str):
            raise refused(f"expected a text, got {came(stop)}", **place)
        if not 0 < len(stop) <= MAX_STOP:
            wanted = f"expected a text of 1 to {MAX_STOP} characters, got {len(stop)}"
            raise refused(f"{wanted}; leave an empty one out", **place)
        try:
            stop.encode()
        except UnicodeEncodeError:
            raise refused("expected whole characters, got a lone surrogate; send valid Unicode", **place) from None
    return tuple(stops)


Prompt = Annotated[str, Strict(), BeforeValidator(whole_characters)]
Temperature = Annotated[float, Strict(), Field(ge=0, le=10)]
TopP = Annotated[float, Strict(), Field(gt=0, le=1)]
Stops = Annotated[
    tuple[str, ...],
    BeforeValidator(_stops),
    WithJsonSchema({"anyOf": [_STOP, {"type": "array", "items": _STOP, "maxItems": MAX_STOPS}]}),
]
Seed = Annotated[Index | None, Field(description="Of the random draws; left out, the server picks one and returns it.")]
ModelName = Annotated[
    Text | None, Field(description="name, name@version or name@sha256:…; left out, the default model.")
]
TextSession = Annotated[SessionId | None, Field(description="Session to open or go on with.")]


@dataclass(eq=False, kw_only=True)
class TextParameters:
    """What every request for text can say."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    model: ModelName = None
    max_tokens: Annotated[Positive, OrNull, Field(description="Tokens per text; 200 if left out.")] = 200
    temperature: Annotated[
        Temperature, OrNull, Field(description="0 always takes the most likely token; 1 if left out.")
    ] = 1.0
    top_k: Annotated[
        Index, OrNull, Field(description="Draw from the k most likely tokens; 0, for all, if left out.")
    ] = 0
    top_p: Annotated[
        TopP, OrNull, Field(description="Draw from the most likely tokens that together reach p; 1 if left out.")
    ] = 1.0
    stop: Annotated[Stops, OrNull, Field(description="Strings that end a text; they are cut off.")] = ()
    seed: Seed = None
    n: Annotated[Positive, OrNull, Field(description="Number of texts; 1 if left out.")] = 1
    stream: Annotated[Flag, OrNull, Field(description="Whether to answer with server-sent events.")] = False

    def check(self, prompt: str, settings: Settings) -> None:
        """Refuse what is over a limit, before anything waits for it.

        Parameters
        ----------
        prompt : str
            What is continued.
        settings : Settings
            Limits.

        Raises
        ------
        TooLarge
            It names the limit.
        """
        if len(prompt) > settings.max_prompt:
            raise TooLarge(
                f"prompt: expected at most {settings.max_prompt} characters (STATECAST_MAX_PROMPT), got {len(prompt)}; "
                "send its end, or send it in parts to a session"
            )
        if self.n > settings.generation_rows:
            raise TooLarge(
                f"n: expected at most {settings.generation_rows} (STATECAST_GENERATION_ROWS), got {self.n}; request "
                "fewer texts"
            )
        if self.n * self.max_tokens > settings.max_tokens:
            raise TooLarge(
                f"max_tokens: expected max_tokens times n of at most {settings.max_tokens} (STATECAST_MAX_TOKENS), got "
                f"{self.max_tokens} times {self.n}; request less, and go on in a session"
            )
