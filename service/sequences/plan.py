"""What an input means to its session: a pure function of the session's record and of what arrived."""

import zlib
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from service.errors import Conflict, UnknownSession
from service.sequences.input import SequenceInput
from service.sequences.task import Steps
from service.stores.interface import Record, Request


class SequencePlan(NamedTuple):
    """What of an input is new, and what its session will become.

    Parameters
    ----------
    unread : array
        Steps that the session has not read.
    duplicates : int
        Steps that it has read with its last request.
    record : Record
        The session once they are read, but for what is known of its state.
    """

    unread: Steps
    duplicates: int
    record: Record


def check_open(exists: bool, given: SequenceInput) -> None:
    """Refuse an input whose session should be there and is not, or the reverse.

    Parameters
    ----------
    exists : bool
        Whether there is a session.
    given : SequenceInput
        The input; it names a session.

    Raises
    ------
    UnknownSession, Conflict
        It says how to go on.
    """
    name = str(given.session)[:80]
    if exists and given.open:
        raise Conflict(
            f"session {name!r}: there is one already, and open is true; choose another id, leave open out to go on "
            "with it, or DELETE it first",
            code="session_exists",
        )
    if exists:
        return
    if given.open is False:
        raise UnknownSession(
            f"session {name!r}: there is none, and open is false; check the id, or leave open out to open it"
        )
    if not len(given.steps):
        raise UnknownSession(f"session {name!r}: there is none, and the request brings nothing to open it with")
    if given.from_index:
        raise UnknownSession(
            f"session {name!r}: there is none that has read up to from_index {given.from_index}; check the id, or "
            "begin again from 0"
        )


def plan_sequence(before: Record, given: SequenceInput, now: float, ttl: float) -> SequencePlan:
    """Decide what an input adds to its session.

    Parameters
    ----------
    before : Record
        The session; one that is being opened has read nothing.
    given : SequenceInput
        The input.
    now : float
        Seconds since 1970.
    ttl : float
        Seconds without use after which the session expires.

    Returns
    -------
    SequencePlan
        Nothing has changed yet.

    Raises
    ------
    Conflict
        If the input lies before or after where the session stands, or contradicts what it has read there.
    """
    duplicates = _repeated(before, given)
    unread = given.steps[duplicates:]
    after = before.used(now, ttl)
    if len(unread):
        count = before.count + len(unread)
        begin = before.count - duplicates
        request = Request(begin, count - 1, _checksum(given.steps))
        after = replace(after, count=count, last_index=count - 1, request=request)
    return SequencePlan(unread, duplicates, after)


def _repeated(before: Record, given: SequenceInput) -> int:
    """How many of the first steps the session has read already: those of its last request, sent again."""
    begin, stands = given.from_index, before.count
    if begin is None or begin == stands:
        return 0
    name = str(given.session)[:80]
    if begin > stands:
        raise Conflict(
            f"session {name!r}: it has read {stands} steps, and from_index is {begin}; send what lies between first"
        )
    last = before.request
    if last is None or begin != last.begin or len(given.steps) < stands - begin:
        raise Conflict(
            f"session {name!r}: it has read {stands} steps, and from_index is {begin}; of what it has read only the "
            "whole last request can be sent again; go on from where it stands, or leave from_index out",
            code="too_late",
        )
    if _checksum(given.steps[: stands - begin]) != last.crc:
        raise Conflict(
            f"session {name!r}: from index {begin} on it has read something else; send the same again, or go on from "
            f"{stands}",
            code="conflicting_observation",
        )
    return stands - begin


def _checksum(steps: Steps) -> int:
    return zlib.crc32(np.ascontiguousarray(steps).tobytes())
