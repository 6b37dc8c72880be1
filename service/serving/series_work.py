"""Series on their way through sessions and engine, one or hundreds at a time. Lives on the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.errors import Loading, Overtaken, ServiceError
from service.models.model import Model
from service.models.value_bounds import bounds_of
from service.receipts import as_applied
from service.scheduling.bridge import ForecastQueue
from service.scheduling.entry import Entry
from service.scheduling.job import Job
from service.serving.series_answer import SeriesAnswer
from service.serving.views import session_object, surprises
from service.serving.warnings import warnings_of
from service.sessions.registry import SessionRegistry
from service.sessions.series_input import SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.turn import SessionTurn
from service.stores.interface import Record

ATTEMPTS = 100
"""Times that a session is advanced anew because another replica was faster."""

PREPARED_AT_ONCE = 32
"""Series that are prepared in one turn of the loop, so that ``/live`` waits for these and not for all of a request."""


@dataclass(eq=False, slots=True)
class SeriesWork:
    """What becomes of one series.

    Parameters
    ----------
    model : Model
        What forecasts; of a family, the member of the series' season.
    series : SeriesInput
        The request's series.
    update : SessionUpdate
        What of it is new.
    job : Job
        Its work for the engine.
    turn : SessionTurn or None
        Its session's turn, which ends when the job is resolved.
    before : Record or None
        The session as it stood.
    after : Record or None
        The session as it will stand, None where the work only reads.
    warnings : tuple of (str, str)
        What the reply says beside what the forecast itself calls for.
    """

    model: Model
    series: SeriesInput
    update: SessionUpdate
    job: Job
    turn: SessionTurn | None = None
    before: Record | None = None
    after: Record | None = None
    warnings: tuple[tuple[str, str], ...] = ()

    def resolved(self, entry: Entry) -> None:
        """End the session's turn once the engine has resolved the job, whoever still waits for it.

        Parameters
        ----------
        entry : QueueEntry
            Has its outcome.
        """
        if self.turn is None:
            return
        outcome = entry.outcome
        if isinstance(outcome, Overtaken):
            self.turn.take_back()
        elif isinstance(outcome, Loading):
            self.turn.invalidate()
        elif isinstance(outcome, tuple) and self.after is not None:
            self.turn.settle(outcome[2] or self.after)
        else:
            self.turn.settle(self.before)

    def answer(self, entry: Entry) -> SeriesAnswer | ServiceError:
        """Give the forecast, or what the job failed with.

        Parameters
        ----------
        entry : QueueEntry
            Has its outcome.

        Returns
        -------
        SeriesAnswer or ServiceError
            A range of rows of the batch's result.
        """
        outcome = entry.outcome
        if not isinstance(outcome, tuple):
            return outcome if isinstance(outcome, ServiceError) else ServiceError("the forecast failed")
        result, rows, stored = outcome
        model, series, update = self.model, self.series, self.update
        freq, offset = (series.freq, series.offset) if self.before is None else (self.before.freq, self.before.offset)
        view = None
        if self.after is not None and self.turn is not None:
            found: object = None
            flags: dict[str, object] = {}
            if self.before is not None:
                share = update.surprise(self.before, model.tail_exponents)
                found, flags = surprises(share, series.variables, series.anomaly_level)
            view = flags | session_object(
                stored or self.after, self.turn.session, update.applied, update.duplicates, opened=self.before is None,
                surprise=found,
            )  # fmt: skip
        warnings = warnings_of(model, series, update, update.last_index - update.first_index + 1, freq)
        return SeriesAnswer(
            result, rows, update.last_index + 1, view, (*self.warnings, *warnings), freq, offset, update.zone,
            model.season, entry.queue_ms, update.applied, update.duplicates,
            bounds_of(model, series.bounds, update.below_zero),
        )  # fmt: skip


Prepare = Callable[[Sequence[SeriesInput], Sequence[SessionTurn | None]], list[SeriesWork | ServiceError]]
"""Plans the work of some series; their turns, if any, have their records. Gives the error of what is refused."""


async def run_series(
    queue: ForecastQueue, sessions: SessionRegistry, inputs: Sequence[SeriesInput], prepare: Prepare
) -> list[SeriesAnswer | ServiceError]:
    """Take each series' turn, prepare its work, have it done and give the answers in order; each fails alone.

    Parameters
    ----------
    queue : ForecastQueue
        Where jobs are done.
    sessions : SessionRegistry
        Whose turns are taken.
    inputs : sequence of SeriesInput
        The series; of two that name the same session the second waits for the first.
    prepare : callable
        See ``Prepare``.

    Returns
    -------
    list of (SeriesAnswer or ServiceError)
        In the order of ``inputs``.
    """
    turns = [
        None if series.session is None else SessionTurn(sessions, series.owner, series.session, series.deadline)
        for series in inputs
    ]
    free = [i for i, turn in enumerate(turns) if turn is None or turn.try_enter()]
    if len(free) == len(inputs):
        return await _run(queue, sessions, inputs, turns, prepare)

    async def later(i: int) -> list[SeriesAnswer | ServiceError]:
        turn = turns[i]
        try:
            if turn is not None:
                await turn.enter()
        except ServiceError as error:
            return [error]
        return await _run(queue, sessions, [inputs[i]], [turn], prepare)

    if len(inputs) == 1:
        return await later(0)
    rest = sorted(set(range(len(inputs))) - set(free))
    taken = [turns[i] for i in free]
    now = _run(queue, sessions, [inputs[i] for i in free], taken, prepare)
    try:
        parts = await asyncio.gather(now, *map(later, rest))
    finally:
        # A task that is cancelled before its first step runs nothing at all, not even what ends its turns.
        _close(taken)
    answers = dict(zip([*free, *rest], [answer for part in parts for answer in part], strict=True))
    return [answers[i] for i in range(len(inputs))]


async def _run(
    queue: ForecastQueue,
    sessions: SessionRegistry,
    inputs: Sequence[SeriesInput],
    turns: Sequence[SessionTurn | None],
    prepare: Prepare,
) -> list[SeriesAnswer | ServiceError]:
    """Do the work of series whose turn it is, again where another replica was faster; the turns end in any case."""
    try:
        answers = await _attempt(queue, sessions, inputs, turns, prepare)
        for _ in range(ATTEMPTS):
            again = [i for i, answer in enumerate(answers) if isinstance(answer, Overtaken)]
            if not again:
                break
            left = [inputs[i] for i in again], [turns[i] for i in again]
            for i, answer in zip(again, await _attempt(queue, sessions, *left, prepare), strict=True):
                answers[i] = answer
        return answers
    finally:
        for turn in turns:
            if turn is not None:
                turn.abandon()


async def _attempt(
    queue: ForecastQueue,
    sessions: SessionRegistry,
    inputs: Sequence[SeriesInput],
    turns: Sequence[SessionTurn | None],
    prepare: Prepare,
) -> list[SeriesAnswer | ServiceError]:
    """Do the work of series whose turn it is; the turns end with it, but where another replica was faster."""
    answers: list[SeriesAnswer | ServiceError | None] = [None] * len(inputs)
    works: dict[int, SeriesWork] = {}
    try:
        await _find(sessions, turns, answers)
        records = [None if turn is None else turn.record for turn in turns]
        inputs = await as_applied(sessions.store, list(zip(inputs, records, strict=True)))
        left = [i for i, answer in enumerate(answers) if answer is None]
        for begin in range(0, len(left), PREPARED_AT_ONCE):
            if begin:
                await asyncio.sleep(0)
            places = left[begin : begin + PREPARED_AT_ONCE]
            for i, work in zip(places, prepare([inputs[i] for i in places], [turns[i] for i in places]), strict=True):
                if isinstance(work, ServiceError):
                    answers[i] = work
                else:
                    works[i] = work
        entries = queue.submit([(work.job, work.resolved) for work in works.values()])
        for work, entry in zip(works.values(), entries, strict=True):
            if work.turn is not None and not isinstance(entry, ServiceError):
                work.turn.hand_over()
    finally:
        _close(turns)
    await queue.wait([entry for entry in entries if not isinstance(entry, ServiceError)])
    for number, ((i, work), entry) in enumerate(zip(works.items(), entries, strict=True)):
        answers[i] = entry if isinstance(entry, ServiceError) else work.answer(entry)
        if number % PREPARED_AT_ONCE == PREPARED_AT_ONCE - 1:
            await asyncio.sleep(0)
    return [answer for answer in answers if answer is not None]


def _close(turns: Sequence[SessionTurn | None]) -> None:
    for turn in turns:
        if turn is not None:
            turn.close()


async def _find(
    sessions: SessionRegistry, turns: Sequence[SessionTurn | None], answers: list[SeriesAnswer | ServiceError | None]
) -> None:
    """Read the records of all sessions together; for one that cannot be read its error stands in ``answers``."""
    taken = [(i, turn) for i, turn in enumerate(turns) if turn is not None]
    if not taken:
        return
    found = await sessions.find_many([(turn.key, turn.session) for _, turn in taken])
    for (i, turn), record in zip(taken, found, strict=True):
        if isinstance(record, ServiceError):
            answers[i] = record
        else:
            turn.record = record
