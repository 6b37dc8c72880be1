"""From inputs to what a network says of them: sessions, engine and store put together. Lives on the event loop."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from service.errors import Expired, Loading, Overtaken, ServiceError, Unprocessable
from service.models.model import Model
from service.models.session_model import check_model
from service.receipts import as_applied
from service.sequences.input import SequenceInput
from service.sequences.plan import SequencePlan, check_open, plan_sequence
from service.sequences.task import Outcome, Reading, SequenceTask
from service.serving.runtime import Runtime
from service.serving.series_work import ATTEMPTS
from service.serving.views import instant
from service.sessions.turn import SessionTurn
from service.stores.interface import Record


@dataclass(frozen=True, eq=False)
class SequenceAnswer:
    """What a network says of one input.

    Parameters
    ----------
    output : Any
        As the service of that kind of model reads it.
    session : dict or None
        The ``session`` object of the answer.
    """

    output: Any
    session: dict[str, object] | None = None


class SequenceService:
    """Has inputs read. All methods belong to one loop.

    Parameters
    ----------
    runtime : Runtime
        Sessions and engine.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waking = False

    async def read_many(self, model: Model, inputs: Sequence[SequenceInput]) -> list[SequenceAnswer | ServiceError]:
        """Have inputs read at once, opening or advancing the sessions that they name; each fails alone.

        A caller that is cancelled drops what is not being read yet.

        Parameters
        ----------
        model : Model
            What reads them.
        inputs : sequence of SequenceInput
            Two that name the same session are read in their order.

        Returns
        -------
        list of SequenceAnswer or ServiceError
            In the order of ``inputs``. Where it is an error, the session is as it was.

        Raises
        ------
        Loading, QueueFull
            If the models are not loaded yet, or too much waits.
        """
        self._runtime.require()
        if not inputs:
            return []
        steps, deadline = sum(len(given.steps) for given in inputs), min(given.deadline for given in inputs)
        if (refused := self._runtime.sequences.refusal(inputs[0].backend(model.digest), steps, deadline)) is not None:
            raise refused
        limiter = self._runtime.inputs
        limiter.take(len(inputs))
        try:
            return await asyncio.gather(*(self._one(model, given) for given in inputs))
        finally:
            limiter.give(len(inputs))

    async def _one(self, model: Model, given: SequenceInput) -> SequenceAnswer | ServiceError:
        try:
            if given.session is not None:
                return await self._in_session(model, given, given.session)
            task, waiting = _task(model, given)
            self._submit(task)
            return SequenceAnswer((await self._wait(task, waiting)).output)
        except ServiceError as error:
            return error

    async def _in_session(self, model: Model, given: SequenceInput, session: str) -> SequenceAnswer:
        """Advance a session in its turn, anew where another replica was faster."""
        if model.streaming != "exact":
            raise Unprocessable(
                f"session: expected none for {model}, which reads an input from both ends and so needs all of it; "
                "leave session out and send it whole, or use a model whose streaming is exact",
                code="not_streaming",
            )
        turn = SessionTurn(self._runtime.sessions, given.owner, session, given.deadline)
        await turn.enter()
        try:
            for _ in range(ATTEMPTS):
                with suppress(Overtaken):
                    return await self._attempt(model, given, turn)
            raise Overtaken
        finally:
            turn.abandon()

    async def _attempt(self, model: Model, given: SequenceInput, turn: SessionTurn) -> SequenceAnswer:
        """Advance a session whose turn it is; the turn ends with it, but where another replica was faster."""
        sessions, session, record = self._runtime.sessions, turn.session, await turn.find()
        (given,) = await as_applied(sessions.store, [(given, record)])
        if record is not None:
            check_model(record, model, session)
        check_open(record is not None, given)
        turn.check_match(given.match)
        now = sessions.now()
        before = record or Record.of_state(
            turn.key, model.digest, str(model), model.kind, now, owner=given.owner, name=session
        )
        plan = plan_sequence(before, given, now, sessions.ttl)
        task, waiting = _task(model, given, turn, plan)
        self._submit(task)
        turn.hand_over()
        found = await self._wait(task, waiting)
        after = found.record or plan.record
        return SequenceAnswer(
            found.output,
            {
                "id": session,
                "count": after.count,
                "digest": after.digest,
                "expires_at": instant(after.expires_at),
                "applied": len(plan.unread),
                "duplicates": plan.duplicates,
                "opened": record is None,
            },
        )

    def _submit(self, task: SequenceTask) -> None:
        self._runtime.sequences.submit(task)
        if not self._waking:  # once all inputs of the request are there, so that they are read together
            self._waking = True
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        self._waking = False
        self._runtime.bridge.wake()

    async def _wait(self, task: SequenceTask, waiting: "asyncio.Future[Reading]") -> Reading:
        try:
            return await waiting
        except asyncio.CancelledError:
            task.cancelled = Expired("the client left")
            raise


def _task(
    model: Model, given: SequenceInput, turn: SessionTurn | None = None, plan: SequencePlan | None = None
) -> tuple[SequenceTask, "asyncio.Future[Reading]"]:
    """What the engine has to do for an input, and what comes of it; of a session, with its plan."""
    waiting: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()

    def receive(outcome: Outcome) -> None:
        if turn is not None:
            _end_turn(turn, outcome)
        if waiting.done():
            return
        if isinstance(outcome, ServiceError):
            waiting.set_exception(outcome)
        else:
            waiting.set_result(outcome)

    task = SequenceTask(given.backend(model.digest), given.steps, given.deadline, receive, final=given.final)
    if turn is not None and plan is not None:
        task.unread, task.record, task.key, task.fresh = plan.unread, plan.record, turn.key, turn.record is None
        task.receipt = given.receipt if len(plan.unread) else ""
    return task, waiting


def _end_turn(turn: SessionTurn, outcome: Outcome) -> None:
    """Let the next request of the session have its turn, once the store holds what it will hold."""
    if isinstance(outcome, Overtaken):
        turn.take_back()
    elif isinstance(outcome, Loading):
        turn.invalidate()
    else:
        turn.settle(outcome.record if isinstance(outcome, Reading) else turn.record)
