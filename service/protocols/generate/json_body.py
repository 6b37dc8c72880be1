"""A body of ``POST /generate``: text where it has a prompt, paths where it has series."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.codecs.faults import quoted, raise_faults
from service.codecs.json_document import came, is_list, is_object, limit_values, lists_are_members, members_of, parse
from service.codecs.json_fields import fields_of, text_of, whole_of
from service.codecs.text_request import TextGeneration, flag_of, prompt_of, read_drawing, session_of, temperature_of
from service.errors import Fault, Malformed, Unprocessable
from service.protocols.forecast.body import read_series
from service.protocols.forecast.schemas import REQUEST, ForecastRequest

TEXT = (
    "model", "prompt", "max_tokens", "temperature", "top_k", "top_p", "stop", "seed", "n", "session", "stream",
)  # fmt: skip
TIME_OPTIONS = ("timezone", "timestamp_unit", "dayfirst")
PATHS = (
    "model", "series", "horizon", "num_samples", "temperature", "seed", "return", "quantile_levels", "missing",
    "stream", *TIME_OPTIONS,
)  # fmt: skip
_SHARED = ("model", "series", "horizon", "quantile_levels", "missing", *TIME_OPTIONS)
RETURN = ("samples", "quantiles")


@dataclass
class ScenarioRequest:
    """A request for paths. ``asked``: its series and what it shares with a forecast's.  seed None: the server picks."""

    asked: ForecastRequest = field(default_factory=lambda: ForecastRequest(series=[]))
    num_samples: int = 100
    temperature: float = 1.0
    seed: int | None = None
    returns: tuple[str, ...] = RETURN
    stream: bool = False


def decode_object(body: bytes) -> Any:
    """Read a body that must be an object; half a surrogate pair is let in, to be named by its place.

    Raises
    ------
    Malformed
        If it is not JSON, or no object.
    """
    try:
        top = parse(body)
    except Malformed:
        top = _with_surrogates(body)
        if top is None:
            raise
    if not is_object(top):
        raise Malformed(f"body: expected a JSON object, got {'a list' if is_list(top) else quoted(top)}")
    return top


def decode_generate(body: bytes, max_values: int, max_series: int) -> TextGeneration | ScenarioRequest:
    """Read a body.

    Raises
    ------
    Malformed, TooLarge, Unprocessable
        As ``decode_json``.
    """
    limit_values(body, max_values)
    top = decode_object(body)
    names = set(top)
    faults: list[Fault] = []

    def fault(msg: str, *where: str | int) -> None:
        faults.append(Fault(where, msg))

    if "series" in names and "prompt" in names:
        fault("expected either prompt, for text, or series, for paths, got both; leave one out", "prompt")
        raise_faults(faults)
    if "series" in names:
        return _paths(top, body, max_series)
    if not names & {"prompt", "session"}:
        raise Unprocessable(
            "prompt: expected prompt, for text, or series, for paths, got neither; add one",
            faults=[Fault(("prompt",), "expected a text, got nothing")],
        )
    fields = fields_of(top, TEXT, fault)
    asked = TextGeneration(prompt_of(fields, fault), text_of(fields, "model", fault))
    asked.session = session_of(fields, fault)
    read_drawing(fields, asked, fault)
    if asked.session is not None and asked.n > 1:
        fault(f"expected 1 beside session, for it can go on in one way only, got {asked.n}", "n")
    raise_faults(faults)
    return asked


def _paths(top: Any, body: bytes, max_series: int) -> ScenarioRequest:
    wanted, faults = ScenarioRequest(), list[Fault]()

    def fault(msg: str, *where: str | int) -> None:
        faults.append(Fault(where, msg))

    fields = fields_of(top, PATHS, fault)
    wanted.num_samples = whole_of(fields, "num_samples", 1, fault) or wanted.num_samples
    wanted.temperature = temperature_of(fields, fault)
    wanted.seed = whole_of(fields, "seed", 0, fault)
    wanted.stream = flag_of(fields, "stream", fault)
    wanted.returns = _returns(fields.get("return"), fault)
    members = {name: member for name, member in members_of(top, []).items() if name in _SHARED}
    if "series" in members:
        members["series"] = read_series(members["series"], faults, max_series, flat=lists_are_members(body))
    wanted.asked, wrong = REQUEST.read(members)
    for series in wanted.asked.series:
        series.read_times_by(wanted.asked.time_options)
    raise_faults([*faults, *(one for one in wrong if all(one.loc != other.loc for other in faults))])
    return wanted


def _returns(value: Any, fault: Callable[..., None]) -> tuple[str, ...]:
    if value is None:
        return RETURN
    names = list(value) if is_list(value) else []
    if not names:
        fault(f"expected a list out of {', '.join(RETURN)}, got {came(value)}", "return")
    for index, name in enumerate(names):
        if name not in RETURN:
            fault(f"expected one of {', '.join(RETURN)}, got {came(name)}", "return", index)
    return tuple(name for name in RETURN if name in names)


def _with_surrogates(body: bytes) -> Any:
    """Parse what only Python's parser takes; None if it does not take it either."""
    try:
        return json.loads(body, parse_constant=_no_constant) if b"\\u" in body else None
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> None:
    raise ValueError(name)
