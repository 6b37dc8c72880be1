"""Inputs of a request against their model: what it reads, lengths, types; all faults at once."""

from dataclasses import dataclass

import numpy as np

from service.deadline import Deadline
from service.errors import Fault, ServiceError, TooLarge, Unprocessable
from service.models.model import Model
from service.protocols.classify.schemas import ClassifyRequest, InputRequest
from service.sequences.input import SequenceInput
from service.sequences.task import Steps
from service.settings import Settings
from statecast.errors import StatecastError
from statecast.inputs.tokenizer import UNKNOWN, Tokenizer

Warnings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class CheckedInput:
    """An input that fits its model.

    Parameters
    ----------
    given : SequenceInput
        As arrays.
    warnings : tuple of (str, str)
        Code and detail of what the reply says beside.
    """

    given: SequenceInput
    warnings: Warnings = ()


def check_inputs(
    request: ClassifyRequest,
    model: Model,
    settings: Settings,
    owner: str,
    deadline: Deadline,
    match: tuple[str, ...] = (),
) -> list[CheckedInput | ServiceError]:
    """Check every input of a request; one that is wrong fails alone.

    Parameters
    ----------
    request : ClassifyRequest
        What the client sent.
    model : Model
        A classifier.
    settings : Settings
        Limits.
    owner : str
        Whose request it is.
    deadline : Deadline
        Until when it is worth it.
    match : tuple of str
        See ``SequenceInput``.

    Returns
    -------
    list of CheckedInput or ServiceError
        In the order of the request.
    """
    network = model.artifact.classifier
    most = min(settings.max_steps, network.config.longest)

    def one(given: InputRequest) -> CheckedInput | ServiceError:
        try:
            _check_kind(given, network.tokenizer is not None, network.config.channels, model)
            given.raise_faults()
            if network.tokenizer is None:
                steps, warnings = _values(given, network.config.channels)
            else:
                steps, warnings = _tokens(given, network.tokenizer, settings)
            given.raise_faults()
            _check_length(given, steps, most)
            sequence = SequenceInput(
                steps, owner, deadline.at, given.session, given.open, given.from_index, match=match
            )
            return CheckedInput(sequence, warnings)
        except ServiceError as error:
            return error
        except StatecastError as error:
            return Unprocessable(str(error))

    return [one(given) for given in deadline.each(request.inputs)]


def _check_kind(given: InputRequest, reads_text: bool, channels: tuple[str, ...], model: Model) -> None:
    """Note what the model does not read, and what is missing that it does."""
    wanted, other = ("text", "target") if reads_text else ("target", "text")
    came = {name for name, there in (("text", given.text is not None), ("target", bool(given.target))) if there}
    reads = "texts" if reads_text else f"series of {', '.join(channels)}"
    if other in came:
        given.fault(
            f"expected {wanted} alone, because {model} reads {reads}, got {other}; send {wanted} instead", other
        )
    elif wanted not in came and not any(fault.loc[-1] == wanted or wanted in fault.loc for fault in given.faults):
        given.fault(f"expected {wanted}, because {model} reads {reads}, got nothing; add it", wanted)
    for name, there in (("open", given.open), ("from_index", given.from_index)):
        if there is not None and given.session is None:
            given.fault(f"expected a session beside {name}, got none; name the session, or leave {name} out", name)


def _tokens(given: InputRequest, tokenizer: Tokenizer, settings: Settings) -> tuple[Steps, Warnings]:
    text = given.text or ""
    if len(text) > settings.max_prompt:
        raise TooLarge(
            f"text: expected at most {settings.max_prompt} characters (STATECAST_MAX_PROMPT), got {len(text)}; send a "
            "part of it, or send it in parts to a session",
            faults=[Fault((*given.loc, "text"), f"expected at most {settings.max_prompt} characters, got {len(text)}")],
        )
    tokens = tokenizer.encode(text)
    unknown = int((tokens == UNKNOWN).sum())
    if 2 * unknown <= len(tokens):  # some always are
        return tokens, ()
    detail = f"{unknown} of {len(tokens)} {tokenizer.kind}s are not in the model's vocabulary; they read as unknown"
    return tokens, (("unknown_symbols", detail),)


def _values(given: InputRequest, channels: tuple[str, ...]) -> tuple[Steps, Warnings]:
    """Values ``[T, C]`` in the order of the model's channels; NaN where missing."""
    target = given.target
    if set(target) == {""} and len(channels) == 1:
        return next(iter(target.values()))[:, None], ()
    if set(target) != set(channels):
        got = "one list" if set(target) == {""} else ", ".join(sorted(target)[:20])
        given.fault(f"expected an object with one list for each of {', '.join(channels)}, got {got}", "target")
        return np.zeros((0, len(channels))), ()
    steps = len(target[channels[0]])
    for name in channels:
        if len(target[name]) != steps:
            given.fault(f"expected {steps} values, as {channels[0]} has, got {len(target[name])}", "target", name)
    if given.faults:
        return np.zeros((0, len(channels))), ()
    return np.stack([target[name] for name in channels], axis=1), ()


def _check_length(given: InputRequest, steps: Steps, most: int) -> None:
    if len(steps) > most:
        raise TooLarge(
            f"inputs: expected at most {most} tokens or values (STATECAST_MAX_STEPS, or the model's longest), got "
            f"{len(steps)}; send a part of it, or send it in parts to a session",
            faults=[Fault(given.loc, f"expected at most {most} tokens or values, got {len(steps)}")],
        )
    if len(steps) and steps.dtype == np.float64 and np.isnan(steps).all() and given.session is None:
        message = "expected at least one value, got null everywhere; send values"
        fault = Fault((*given.loc, "target"), message)
        raise Unprocessable(f"target: {message}", code="all_missing", faults=[fault])
    if not len(steps) and given.session is None:
        name = "text" if given.text is not None else "target"
        message = f"expected something to classify, got {'nothing but spaces' if given.text else 'an empty one'}"
        raise Unprocessable(
            f"{name}: {message}; send more, or leave the input out",
            code="empty_input",
            faults=[Fault((*given.loc, name), message)],
        )
