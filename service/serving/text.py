"""From a request for text to its chunks: session, engine and store put together. Lives on the event loop."""

import random
from dataclasses import replace

import numpy as np

from service.errors import Expired, Loading, ServiceError, UnknownSession, Unprocessable
from service.models.model import Model
from service.models.session_model import check_model
from service.receipts import WrittenText, text_of
from service.serving.runtime import Runtime
from service.sessions.turn import SessionTurn
from service.stores.interface import Record
from service.text.parameters import TextParameters
from service.text.request import DecodeRequest, TextChunk, TextEnd, TextTask, Tokens, Update
from service.text.stream import StreamQueue
from service.threads import DECODING

# Longer prompts are encoded on a thread.
INLINE_CHARACTERS = 20_000


def new_seed() -> int:
    """Pick a seed that JSON carries exactly in every language.

    Returns
    -------
    int
        At most 53 bits.
    """
    return random.getrandbits(53)


class TextStream:
    """A text as it is written, as its one reader on the loop sees it.

    Parameters
    ----------
    task : TextTask
        The work.
    warnings : tuple of (str, str)
        Code and detail of what makes the text less than it could be.
    session : str or None
        Id of its session, as the client wrote it.
    """

    def __init__(self, task: TextTask, warnings: tuple[tuple[str, str], ...], session: str | None) -> None:
        self._task = task
        self.seed = task.request.seed
        self.prompt_tokens = len(task.request.tokens)
        self.warnings = warnings
        self.session = session
        self.updates: StreamQueue[Update] = StreamQueue()

    def leave(self) -> None:
        """Cancel it, unless it is done: its rows are free before the next step, its session is unchanged."""
        if self._task.cancelled is None:
            self._task.cancelled = Expired("the client left")


class TextService:
    """Writes text. ``begin`` belongs to one loop.

    Parameters
    ----------
    runtime : Runtime
        Sessions and engine.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def begin(
        self,
        model: Model,
        parameters: TextParameters,
        prompt: str,
        owner: str,
        session: str | None = None,
        match: tuple[str, ...] = (),
        receipt: str = "",
    ) -> TextStream:
        """Accept a request; what is refused is refused here, before anything was sent.

        Parameters
        ----------
        model : Model
            One that writes text.
        parameters : TextParameters
            How the text is to be written.
        prompt : str
            What is continued; it may be empty where a session goes on.
        owner : str
            Whose session it is.
        session : str or None
            Id of the session that is opened or goes on.
        match : tuple of str
            For which states of it the request is meant, see ``SessionTurn.check_match``.
        receipt : str
            Of a request with an ``Idempotency-Key``, see ``receipt_key``: what its session went on with comes again.

        Returns
        -------
        TextStream
            Its updates follow.

        Raises
        ------
        ServiceError
            One of its subclasses; the session is then unchanged.
        """
        self._runtime.require()
        parameters.check(prompt, self._runtime.settings)
        tokens, unknown = await self._tokens(model, prompt)
        warnings: tuple[tuple[str, str], ...] = ()
        if unknown:
            kind = model.artifact.generator.vocabulary.kind
            detail = f"{unknown} of {len(tokens)} {kind}s are not in the model's vocabulary; they read as unknown"
            warnings = (("unknown_symbols", detail),)
        request = DecodeRequest(
            model=model.digest, tokens=tokens, max_tokens=parameters.max_tokens, n=parameters.n,
            seed=new_seed() if parameters.seed is None else parameters.seed, temperature=parameters.temperature,
            top_k=parameters.top_k, top_p=parameters.top_p, stops=parameters.stop,
            receipt="" if session is None else receipt,
        )  # fmt: skip
        if session is not None:
            return await self._in_session(model, request, session, owner, match, warnings)
        if not len(tokens):
            raise Unprocessable(
                "prompt: expected a text that is not empty, got an empty one; send something to begin with, if only a "
                "line break",
                code="empty_prompt",
            )
        return self._submit(model, request, warnings, None)

    async def _tokens(self, model: Model, prompt: str) -> tuple[Tokens, int]:
        vocabulary = model.artifact.generator.vocabulary
        if not prompt:
            return np.zeros(0, dtype=np.int64), 0
        if len(prompt) <= INLINE_CHARACTERS:
            return vocabulary.encode(prompt)
        return await DECODING.run(vocabulary.encode, prompt)

    async def _in_session(
        self,
        model: Model,
        request: DecodeRequest,
        session: str,
        owner: str,
        match: tuple[str, ...],
        warnings: tuple[tuple[str, str], ...],
    ) -> TextStream:
        sessions = self._runtime.sessions
        async with SessionTurn(sessions, owner, session) as turn:
            record = await turn.find()
            if (
                record is not None
                and (known := await text_of(self._runtime.store, request.receipt, record)) is not None
            ):
                return _again(request, known, warnings, session, record)
            if record is not None:
                check_model(record, model, session)
            elif not len(request.tokens):
                raise UnknownSession(
                    f"session {session[:80]!r}: there is no such session; send a prompt to open it, or check the id"
                )
            turn.check_match(match)
            now = sessions.now()
            opened = (
                Record.of_state(turn.key, model.digest, str(model), model.kind, now, owner=owner, name=session)
                if record is None
                else record
            )
            renewed = opened.used(now, sessions.ttl)
            request = replace(request, key=turn.key, fresh=record is None, record=renewed)
            stream = self._submit(model, request, warnings, turn)
            turn.hand_over()
        return stream

    def _submit(
        self, model: Model, request: DecodeRequest, warnings: tuple[tuple[str, str], ...], turn: SessionTurn | None
    ) -> TextStream:
        def receive(update: Update) -> None:
            last = isinstance(update, (TextEnd, ServiceError))
            if turn is not None and last:
                _end_turn(turn, update)
            stream.updates.put(update, urgent=last)

        task = TextTask(request, receive)
        stream = TextStream(task, warnings, None if turn is None else turn.session)
        self._runtime.text_schedulers[model.digest].submit(task)
        self._runtime.bridge.wake()
        return stream


def _again(
    request: DecodeRequest, known: WrittenText, warnings: tuple[tuple[str, str], ...], session: str, record: Record
) -> TextStream:
    """Give a text that was written and, perhaps, not answered; the session stays as it is."""
    stream = TextStream(TextTask(replace(request, seed=known.seed), lambda _: None), warnings, session)
    stream.updates.put(TextChunk(0, known.text, known.finish_reason))
    stream.updates.put(TextEnd(known.completion_tokens, record), urgent=True)
    return stream


def _end_turn(turn: SessionTurn, update: Update) -> None:
    """Let the next request of the session have its turn, once the store holds what it will hold."""
    if isinstance(update, Loading):
        turn.invalidate()
    else:
        turn.settle(update.record if isinstance(update, TextEnd) else turn.record)
