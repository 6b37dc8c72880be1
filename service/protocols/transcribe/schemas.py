"""Body, query string and answer of ``POST /transcribe``. The former two are parser and OpenAPI at once."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

from service.codecs.field_types import Flag, Index, OrNull, Text
from service.codecs.schema import Schema
from service.protocols.classify.schemas import SequenceSession
from service.protocols.forecast.schemas import ModelName, TimeoutMs
from service.protocols.forecast.series import KNOWN_FIELDS_ONLY, MayOpen, SessionText
from service.protocols.schemas import AnsweringModel, KnownFields, Number, Warned


@dataclass(eq=False, kw_only=True)
class TranscribeParameters:
    """What stands beside a recording: in the query string of a wav body, or in a JSON body."""

    __pydantic_config__ = KNOWN_FIELDS_ONLY

    model: ModelName = None
    session: SessionText = None
    open: MayOpen = None
    final: Annotated[
        Flag,
        OrNull,
        Field(
            description="Whether the recording ends here, so that what is said at its end is written too; false for a "
            "chunk of a session. True if left out. The session itself stays as it is, and may go on."
        ),
    ] = True
    from_index: Annotated[
        Index | None,
        Field(
            description="Index of the first sample in its session, which the session's count says. The last request "
            "may then be sent again, and is not heard twice."
        ),
    ] = None
    timeout_ms: TimeoutMs = None


@dataclass(eq=False, kw_only=True)
class TranscribeRequest(TranscribeParameters):
    """Body of ``POST /transcribe`` in JSON."""

    audio: Annotated[Text, Field(description="The bytes of a wav file in base64: mono, PCM, 16 bits, 8 or 16 kHz.")]


QUERY = Schema(TranscribeParameters)
REQUEST = Schema(TranscribeRequest, lambda: TranscribeRequest(audio=""))


class TranscriptSegment(BaseModel):
    """A word: when the network recognised it, and how likely its least certain symbol is."""

    text: str
    start_s: Number
    end_s: Number
    confidence: Number


class TranscribeReply(KnownFields):
    """Answer of ``POST /transcribe``; of a session, the text so far."""

    id: str
    model: AnsweringModel
    text: str
    segments: list[TranscriptSegment]
    session: SequenceSession | None = Field(description="Its count is of samples.")
    warnings: list[Warned]
