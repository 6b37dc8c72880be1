"""Continuous batching: many texts are written together, a token each per step; they join and leave at any step.

Numbers and callables only: the network is behind ``TextBackend``, so that this is tested without one.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from service.errors import Loading, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.stores.interface import StoreError, not_written
from service.text.request import TextChunk, TextEnd, TextTask, Update
from service.text.sequence import DecodeBatch, TextBackend, TextSequence

READ_TOKENS = 2048
"""Tokens read at once at most, over all prompts whose next chunks have the same length."""

_log = logging.getLogger(__name__)
Deliver = Callable[[list[tuple[TextTask, Update]]], None]


class TextScheduler:
    """All texts of one model. ``submit`` belongs to any thread, ``turn`` to the engine's.

    Parameters
    ----------
    backend : TextBackend
        The network.
    capacity : CapacityLimiter
        Bounds the texts at work, over all models.
    deliver : callable
        Called after a turn with its updates, in order.
    count : callable
        Called with the number of tokens drawn in a step.
    """

    def __init__(
        self, backend: TextBackend, capacity: CapacityLimiter, deliver: Deliver, count: Callable[[int], None]
    ) -> None:
        self._backend, self._capacity, self._deliver, self._count = backend, capacity, deliver, count
        self._waiting: deque[TextTask] = deque()
        self._prefilling: list[TextSequence] = []
        self._decoding: list[TextSequence] = []
        self._batch: DecodeBatch | None = None
        self._decoded_last = False
        self._abandoned = False
        self._updates: list[tuple[TextTask, Update]] = []

    def submit(self, task: TextTask) -> None:
        """Queue a task.

        Parameters
        ----------
        task : TextTask
            Its updates come through ``deliver``.

        Raises
        ------
        QueueFull, Loading
            If too many texts are at work, or the service is stopping.
        """
        self._capacity.take(task.request.n)
        self._waiting.append(task)

    def abandon(self) -> None:
        """Fail all that is unfinished in the next turn."""
        self._abandoned = True

    def turn(self) -> bool:
        """Read one chunk of prompts, or draw one token per text; gives whether there was anything to do."""
        if not (self._waiting or self._prefilling or self._decoding):
            return False
        self._admit()
        self._drop_cancelled()
        if self._prefilling and (self._decoded_last or not self._decoding):
            self._decoded_last = False
            self._prefill()
        elif self._decoding:
            self._decoded_last = True
            self._decode()
        updates, self._updates = self._updates, []
        if updates:
            self._deliver(updates)
        return True

    def _admit(self) -> None:
        while self._waiting:
            task = self._waiting.popleft()
            key = None if task.request.fresh else task.request.key
            sequence = TextSequence(task, 0, self._backend.symbols)
            try:
                sequence.state = sequence.initial_state = self._backend.load_state(key)
            except ServiceError as error:
                self._fail(task, error)
                continue
            self._place(sequence)

    def _drop_cancelled(self) -> None:
        """Drop sequences whose task was cancelled, before anything is computed for them."""
        if self._abandoned:
            stopped = Loading("the service shut down before this was done", code="shutting_down")
            for sequence in (*self._prefilling, *self._decoding):
                sequence.task.cancelled = sequence.task.cancelled or stopped
        for sequence in (*self._prefilling, *self._decoding):
            if sequence.task.cancelled is not None:
                self._fail(sequence.task, sequence.task.cancelled)
        self._remove_done()

    def _remove_done(self) -> None:
        if any(sequence.task.done for sequence in self._prefilling):
            self._prefilling = [sequence for sequence in self._prefilling if not sequence.task.done]
        if any(sequence.task.done for sequence in self._decoding):
            self._regroup([sequence for sequence in self._decoding if not sequence.task.done])

    def _place(self, sequence: TextSequence) -> None:
        """Put a sequence where it goes on: it reads, it decodes or, once all is done, its session is saved."""
        if len(sequence.unread):
            self._prefilling.append(sequence)
        elif sequence.finish_reason is not None:
            self._save_session(sequence)
        else:
            forks = [sequence.fork(index, self._backend.symbols) for index in range(1, sequence.task.request.n)]
            self._regroup([*self._decoding, sequence, *forks])

    def _regroup(self, sequences: list[TextSequence]) -> None:
        if self._batch is not None:
            for row, sequence in enumerate(self._decoding):
                sequence.state = self._batch.state(row)
        self._decoding, self._batch = sequences, None

    def _prefill(self) -> None:
        """Read the next chunk of the prompt that waits longest, with all others whose chunk is as long."""
        length = self._prefilling[0].chunk
        batch = [s for s in self._prefilling if s.chunk == length][: max(1, READ_TOKENS // length)]
        # Those that were read go to the end: a long prompt must not keep the short ones waiting.
        self._prefilling = [sequence for sequence in self._prefilling if sequence not in batch]
        for sequence, state in zip(batch, self._prefilled(batch, length), strict=True):
            if state is None:
                self._fail(sequence.task, _failed())
                continue
            sequence.state, sequence.unread = state, sequence.unread[length:]
            sequence.tokens_read += length
            self._place(sequence)

    def _decode(self) -> None:
        sequences = self._decoding
        tokens = self._sample(sequences)
        ended: list[TextSequence] = []
        for sequence, token in zip(sequences, tokens, strict=True):
            if token is None:
                self._fail(sequence.task, _failed())
            elif not sequence.task.done:
                self._add_token(sequence, token, ended)
        self._count(sum(token is not None for token in tokens))
        if ended:
            self._regroup([sequence for sequence in sequences if sequence.finish_reason is None])
            for sequence in ended:
                if not sequence.task.done:
                    self._finish(sequence)
        self._remove_done()

    def _add_token(self, sequence: TextSequence, token: int, ended: list[TextSequence]) -> None:
        """Append the token that a sequence has drawn, having read the one before."""
        detokenizer, task = sequence.detokenizer, sequence.task
        sequence.tokens_read += sequence.token is not None
        sequence.token = token
        text = detokenizer.push(token)
        task.completion_tokens += 1
        if detokenizer.stopped:
            sequence.finish_reason = "stop"
        elif detokenizer.count == task.request.max_tokens:
            sequence.finish_reason = "length"
            text += detokenizer.rest()
        if sequence.finish_reason is not None:
            ended.append(sequence)
        if sequence.pieces is not None:
            sequence.pieces.append(text)
        if text or sequence.finish_reason is not None:
            self._updates.append((task, TextChunk(sequence.index, text, sequence.finish_reason)))

    def _finish(self, sequence: TextSequence) -> None:
        """End a text; a session first reads what it has not, so that its state stands where the text ends."""
        task = sequence.task
        if task.request.record is None:
            self._release(task, 1)
            if task.done:
                self._updates.append((task, TextEnd(task.completion_tokens)))
            return
        again = sequence.detokenizer.unread()
        if again is None:
            sequence.unread = np.array([sequence.token], dtype=np.int64)
        else:
            sequence.state, sequence.tokens_read = sequence.initial_state, 0
            sequence.unread = np.concatenate([task.request.tokens, again])
        self._place(sequence)

    def _save_session(self, sequence: TextSequence) -> None:
        """Commit a session, and only then report the end."""
        task = sequence.task
        whole = TextChunk(0, "".join(sequence.pieces or ()), sequence.finish_reason)
        digest, state = self._backend.export_state(sequence.state)
        put = task.request.session_write(sequence.tokens_read, digest, state, whole, task.completion_tokens)
        try:
            self._backend.commit([one for one in (put, put and put.receipt) if one is not None])
        except StoreError as error:
            self._fail(task, not_written(error))
            return
        self._release(task, 1)
        self._updates.append((task, TextEnd(task.completion_tokens, None if put is None else put.record)))

    def _fail(self, task: TextTask, error: ServiceError) -> None:
        if not task.done:
            self._release(task, task.unfinished)
            self._updates.append((task, error))

    def _release(self, task: TextTask, rows: int) -> None:
        task.unfinished -= rows
        task.done = not task.unfinished
        self._capacity.give(rows)

    def _prefilled(self, sequences: list[TextSequence], length: int) -> list[object]:
        """Read a chunk; where that fails, each sequence alone, so that one cannot fail the others."""
        try:
            return self._backend.prefill([s.state for s in sequences], [s.unread[:length] for s in sequences])
        except Exception:
            _log.exception("reading %d prompts failed", len(sequences))
            if len(sequences) == 1:
                return [None]
            return [state for sequence in sequences for state in self._prefilled([sequence], length)]

    def _sample(self, sequences: list[TextSequence]) -> Sequence[int | None]:
        """Draw a token per sequence; where that fails, each sequence alone."""
        try:
            if self._batch is None:
                self._batch = self._backend.batch(sequences)
            return self._batch.step()
        except Exception:
            _log.exception("a step of %d texts failed", len(sequences))
        self._regroup(sequences)
        tokens: list[int | None] = []
        for sequence in sequences:
            try:
                batch = self._backend.batch([sequence])
                tokens += batch.step()
                sequence.state = batch.state(0)
            except Exception:
                _log.exception("a text cannot be continued")
                tokens.append(None)
        return tokens


def _failed() -> ServiceError:
    return ServiceError("the network failed on this text; its session, if any, is unchanged")
