"""A body of ``POST /transcribe``: a wav file with a query string, or JSON with the wav file in base64."""

import base64
import binascii
from dataclasses import dataclass, fields
from typing import Any

from service.codecs.faults import raise_faults
from service.codecs.json_document import limit_values, parse_object
from service.codecs.members import members_of
from service.codecs.query_string import parse_query, typed
from service.errors import Fault, Unprocessable
from service.protocols.transcribe.schemas import QUERY, REQUEST, TranscribeParameters
from service.settings import Settings
from statecast.errors import InputError
from statecast.inputs.recording import Recording, read_wav


@dataclass(frozen=True, eq=False)
class SpokenRequest:
    """What a client sent.

    Parameters
    ----------
    recording : Recording
        Its samples.
    parameters : TranscribeParameters
        What stands beside.
    """

    recording: Recording
    parameters: TranscribeParameters


def decode_wav(body: bytes, query: bytes, settings: Settings) -> SpokenRequest:
    """Read a wav body with its query string.

    Parameters
    ----------
    body : bytes
        A wav file.
    query : bytes
        As it stands in the request.
    settings : Settings
        Limits.

    Returns
    -------
    SpokenRequest
        Decoded.

    Raises
    ------
    TooLarge, Unprocessable
        If the query or the recording is wrong.
    """
    parameters, faults = QUERY.read(_parameters(query, settings))
    raise_faults(faults)
    return SpokenRequest(_recording(body), parameters)


def decode_json(body: bytes, query: bytes, settings: Settings) -> SpokenRequest:
    """Read a JSON body; the query string fills what it leaves out.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.
    query : bytes
        As it stands in the request.
    settings : Settings
        Limits.

    Returns
    -------
    SpokenRequest
        Decoded.

    Raises
    ------
    Malformed, TooLarge, Unprocessable
        If it is no JSON object, or anything in it is wrong.
    """
    limit_values(body, settings.max_values)
    faults: list[Fault] = []
    members = members_of(parse_object(body), faults, most=settings.max_fields)
    request, wrong = REQUEST.read(_parameters(query, settings) | members)
    raise_faults([*faults, *wrong])
    parameters = TranscribeParameters(**{one.name: getattr(request, one.name) for one in fields(TranscribeParameters)})
    try:
        wav = base64.b64decode(request.audio, validate=True)
    except (binascii.Error, ValueError) as error:
        fault = Fault(("audio",), f"expected a wav file in base64, got something else ({error}); encode its bytes")
        raise_faults([fault])
    return SpokenRequest(_recording(wav), parameters)


def _parameters(query: bytes, settings: Settings) -> dict[str, Any]:
    """What a query string says, by name."""
    texts = parse_query(query, settings.max_fields)
    read = {name: typed(text, QUERY.kind_of(name)) for name, text in texts.items()}
    return {name: value for name, value in read.items() if value is not None}


def _recording(wav: bytes) -> Recording:
    try:
        return read_wav(wav)
    except InputError as error:
        message = str(error).removeprefix("wav: ")
        raise Unprocessable(f"audio: {message}", code="invalid_audio", faults=[Fault(("audio",), message)]) from None
