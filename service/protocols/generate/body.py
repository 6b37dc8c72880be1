"""A body of ``POST /generate``: text where it has a prompt, paths where it has series."""

from service.codecs.faults import raise_faults
from service.codecs.json_document import limit_values, lists_are_members, parse_object
from service.codecs.members import members_of
from service.deadline import Deadline
from service.errors import Fault, Unprocessable
from service.protocols.forecast.body import read_series
from service.protocols.generate.schemas import PATHS, TEXT, PathsRequest, TextRequest
from service.settings import Settings


def decode_generate(body: bytes, settings: Settings, deadline: Deadline) -> TextRequest | PathsRequest:
    """Read a body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.
    settings : Settings
        Limits; that of values is checked before anything is parsed.
    deadline : Deadline
        Until when it is worth it.

    Returns
    -------
    TextRequest or PathsRequest
        Of paths, each series holds its own faults.

    Raises
    ------
    Malformed, TooLarge, Unprocessable
        If it is no JSON object, holds too much, or is wrong as a whole.
    """
    limit_values(body, settings.max_values)
    faults: list[Fault] = []
    top = parse_object(body)
    names = set(top)
    if names >= {"series", "prompt"}:
        message = "expected either prompt, for text, or series, for paths, got both; leave one out"
        raise_faults([Fault(("prompt",), message)])
    if not names & {"series", "prompt", "session"}:
        raise Unprocessable(
            "prompt: expected prompt, for text, or series, for paths, got neither; add one",
            faults=[Fault(("prompt",), "expected a text, got nothing")],
        )
    members = members_of(top, faults, most=settings.max_fields)
    if "series" not in names:
        text, wrong = TEXT.read(members)
        if text.session is not None and text.n > 1:
            faults.append(Fault(("n",), f"expected 1 beside session, which goes on in one way only, got {text.n}"))
        raise_faults([*faults, *wrong])
        return text
    if "series" in members:
        flat = lists_are_members(body)
        members["series"] = read_series(members["series"], faults, settings, deadline, flat=flat)
    paths, wrong = PATHS.read(members)
    raise_faults([*faults, *(one for one in wrong if all(one.loc != other.loc for other in faults))])
    for series in paths.series:
        series.read_times_by(paths.time_options)
    return paths
