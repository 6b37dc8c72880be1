"""Texts of many clients written together: a token each a round; they join and leave at any round.

Numbers and callables only: the network is behind ``Stepper``, so that this is tested without one.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from service.errors import Loading, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.stores.interface import StoreError
from service.text.detokenizer import IncrementalDetokenizer
from service.text.request import Ended, TextChunk, TextTask, Update
from service.text.sequence import DecodeBatch, Stepper, TextSequence

READ_CHUNK = 64
"""Most tokens of a prompt that are read at once: what every running text waits for its next token."""
READ_TOKENS = 2048
"""Most tokens read at once over all prompts whose chunks are of one length."""

_log = logging.getLogger(__name__)
Deliver = Callable[[list[tuple[TextTask, Update]]], None]


class TextScheduler:
    """All texts of one model. ``submit`` belongs to any thread, ``turn`` to the engine's.

    Parameters
    ----------
    stepper:
        The network.
    room:
        Rows at work, over all models.
    deliver:
        Called after a turn with what came of it, in order.
    count:
        Called with the number of tokens drawn in a turn.
    """

    def __init__(self, stepper: Stepper, room: CapacityLimiter, deliver: Deliver, count: Callable[[int], None]) -> None:
        self._stepper, self._room, self._deliver, self._count = stepper, room, deliver, count
        self._inbox: deque[TextTask] = deque()
        self._reading: list[TextSequence] = []
        self._stepping: list[TextSequence] = []
        self._crew: DecodeBatch | None = None
        self._stepped = False
        self._abandoned = False
        self._updates: list[tuple[TextTask, Update]] = []

    def submit(self, passage: TextTask) -> None:
        """Take a passage on; see ``CapacityLimiter.take`` for what it raises."""
        self._room.take(passage.ask.n)
        self._inbox.append(passage)

    def abandon(self) -> None:
        """Fail all that is unfinished in the next turn."""
        self._abandoned = True

    def turn(self) -> bool:
        """Read one chunk of prompts, or draw one token a text; whether there was anything to do."""
        busy = bool(self._inbox or self._reading or self._stepping)
        if not busy:
            return False
        self._admit()
        self._leave()
        if self._reading and (self._stepped or not self._stepping):
            self._stepped = False
            self._read()
        elif self._stepping:
            self._stepped = True
            self._step()
        updates, self._updates = self._updates, []
        if updates:
            self._deliver(updates)
        return True

    def _admit(self) -> None:
        while self._inbox:
            passage = self._inbox.popleft()
            strand = TextSequence(passage, 0, IncrementalDetokenizer(self._stepper.spelling, passage.ask.stops))
            try:
                strand.carry = strand.start = self._stepper.begin(None if passage.ask.fresh else passage.ask.key)
            except ServiceError as error:
                self._fail(passage, error)
                continue
            self._place(strand)

    def _leave(self) -> None:
        """Let go of strands whose passage was given up, before anything is computed for them."""
        if self._abandoned:
            stopped = Loading("the service shut down before this was done", code="shutting_down")
            for strand in (*self._reading, *self._stepping):
                strand.passage.fate = strand.passage.fate or stopped
        gone = {strand.passage for strand in (*self._reading, *self._stepping) if strand.passage.fate is not None}
        for passage in gone:
            if passage.fate is not None:
                self._fail(passage, passage.fate)
        self._sweep()

    def _sweep(self) -> None:
        if any(strand.passage.over for strand in self._reading):
            self._reading = [strand for strand in self._reading if not strand.passage.over]
        if any(strand.passage.over for strand in self._stepping):
            self._regroup([strand for strand in self._stepping if not strand.passage.over])

    def _place(self, strand: TextSequence) -> None:
        """Let a strand read on, or step, or, if it is done and all is read, be kept."""
        if len(strand.unread):
            self._reading.append(strand)
        elif strand.finish is not None:
            self._keep(strand)
        else:
            ask = strand.passage.ask
            others = [
                strand.twin(n, IncrementalDetokenizer(self._stepper.spelling, ask.stops)) for n in range(1, ask.n)
            ]
            self._regroup([*self._stepping, strand, *others])

    def _regroup(self, strands: list[TextSequence]) -> None:
        if self._crew is not None:
            for row, strand in enumerate(self._stepping):
                strand.carry = self._crew.carry(row)
        self._stepping, self._crew = strands, None

    def _read(self) -> None:
        """Read the next chunk of the prompt that waits longest, with all others whose chunk is as long."""
        length = _chunk(len(self._reading[0].unread))
        batch = [s for s in self._reading if _chunk(len(s.unread)) == length][: max(1, READ_TOKENS // length)]
        # Those that were read go to the end: a long prompt must not keep the short ones waiting.
        self._reading = [strand for strand in self._reading if strand not in batch]
        for strand, carry in zip(batch, self._together(batch, length), strict=True):
            if carry is None:
                self._fail(strand.passage, _failed())
                continue
            strand.carry, strand.unread = carry, strand.unread[length:]
            strand.read += length
            self._place(strand)

    def _step(self) -> None:
        strands = self._stepping
        tokens = self._drawn(strands)
        ended: list[TextSequence] = []
        for strand, token in zip(strands, tokens, strict=True):
            if token is None:
                self._fail(strand.passage, _failed())
            elif not strand.passage.over:
                self._take(strand, token, ended)
        self._count(sum(token is not None for token in tokens))
        if ended:
            self._regroup([strand for strand in strands if strand.finish is None])
            for strand in ended:
                if not strand.passage.over:
                    self._end(strand)
        self._sweep()

    def _take(self, strand: TextSequence, token: int, ended: list[TextSequence]) -> None:
        """Take the token that a strand has drawn, having read the one before."""
        speller, passage = strand.speller, strand.passage
        strand.read += strand.token is not None
        strand.token = token
        text = speller.push(token)
        passage.drawn += 1
        if speller.stopped:
            strand.finish = "stop"
        elif speller.count == passage.ask.most:
            strand.finish = "length"
            text += speller.rest()
        if strand.finish is not None:
            ended.append(strand)
        if text or strand.finish is not None:
            self._updates.append((passage, TextChunk(strand.index, text, strand.finish)))

    def _end(self, strand: TextSequence) -> None:
        """A text is done; a session goes on to read what it has not, so that it stands where the text ends."""
        passage = strand.passage
        if passage.ask.record is None:
            self._free(passage, 1)
            if passage.over:
                self._updates.append((passage, Ended(passage.drawn)))
            return
        again = strand.speller.unread()
        if again is None:
            strand.unread = np.array([strand.token], dtype=np.int64)
        else:
            strand.carry, strand.read = strand.start, 0
            strand.unread = np.concatenate([passage.ask.tokens, again])
        self._place(strand)

    def _keep(self, strand: TextSequence) -> None:
        """Commit a session, and only then say that it is done."""
        passage = strand.passage
        put = passage.ask.kept(strand.read, *self._stepper.state(strand.carry))
        try:
            self._stepper.commit([] if put is None else [put])
        except StoreError as error:
            self._fail(
                passage, Loading(f"sessions: {error}; the session is as it was, send it again", code="store_failed")
            )
            return
        self._free(passage, 1)
        self._updates.append((passage, Ended(passage.drawn, None if put is None else put.record)))

    def _fail(self, passage: TextTask, error: ServiceError) -> None:
        if not passage.over:
            self._free(passage, passage.open)
            self._updates.append((passage, error))

    def _free(self, passage: TextTask, rows: int) -> None:
        passage.open -= rows
        passage.over = not passage.open
        self._room.give(rows)

    def _together(self, strands: list[TextSequence], length: int) -> list[object]:
        """Read a chunk; where that fails, each strand alone, so that one cannot fail the others."""
        try:
            return self._stepper.read([s.carry for s in strands], [s.unread[:length] for s in strands])
        except Exception:
            _log.exception("reading %d prompts failed", len(strands))
            if len(strands) == 1:
                return [None]
            return [carry for strand in strands for carry in self._together([strand], length)]

    def _drawn(self, strands: list[TextSequence]) -> Sequence[int | None]:
        """Draw a token a strand; where that fails, each strand alone."""
        try:
            if self._crew is None:
                self._crew = self._stepper.crew(strands)
            return self._crew.step()
        except Exception:
            _log.exception("a step of %d texts failed", len(strands))
        self._regroup(strands)
        tokens: list[int | None] = []
        for strand in strands:
            try:
                crew = self._stepper.crew([strand])
                tokens += crew.step()
                strand.carry = crew.carry(0)
            except Exception:
                _log.exception("a text cannot be written on")
                tokens.append(None)
        return tokens


def _chunk(length: int) -> int:
    """Length of the next chunk of so many tokens: a power of two, so that many prompts share one without padding."""
    return min(1 << (length.bit_length() - 1), READ_CHUNK)


def _failed() -> ServiceError:
    return ServiceError("the text failed in the network; the session, if any, is as it was")
