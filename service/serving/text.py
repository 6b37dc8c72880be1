"""From a request for text to its pieces: session, engine and store put together. Lives on the event loop."""

import asyncio
import random
from dataclasses import replace

import numpy as np

from service.codecs.text_request import TextGeneration
from service.errors import Expired, Loading, ServiceError, UnknownSession, Unprocessable
from service.serving.catalog import Model
from service.serving.runtime import Runtime, agree
from service.sessions.registry import key_of
from service.stores.interface import Record
from service.text.request import Ask, Ended, TextTask, Tokens, Update
from service.text.stream import StreamQueue

# Longer prompts are taken apart on a thread.
INLINE_CHARACTERS = 20_000


def new_seed() -> int:
    """Pick a seed that JSON carries exactly in every language."""
    return random.getrandbits(53)


class TextStream:
    """A text being written, as its one reader on the loop sees it.

    seed: which was used.  prompt_tokens: how many the prompt was.  updates: what has come.
    """

    def __init__(self, passage: TextTask, warnings: tuple[tuple[str, str], ...], session: str | None) -> None:
        self._passage = passage
        self.seed = passage.ask.seed
        self.prompt_tokens = len(passage.ask.tokens)
        self.warnings = warnings
        self.session = session
        self.updates: StreamQueue[Update] = StreamQueue()

    def leave(self) -> None:
        """Give it up, unless it is done: its rows are free before the next step, its session is as it was."""
        if self._passage.fate is None:
            self._passage.fate = Expired("the client left")


class TextService:
    """Texts. ``begin`` belongs to one loop."""

    def __init__(self, desk: Runtime) -> None:
        self._desk = desk

    async def begin(self, model: Model, asked: TextGeneration, owner: str) -> TextStream:
        """Take a request on; what is refused is refused here, before anything was sent.

        Raises
        ------
        ServiceError
            One of its subclasses; the session is then as it was.
        """
        self._desk.require()
        asked.check(self._desk.settings)
        tokens, unknown = await self._tokens(model, asked.prompt)
        warnings: tuple[tuple[str, str], ...] = ()
        if unknown:
            kind = model.artifact.generator.vocabulary.kind
            detail = f"{unknown} of {len(tokens)} {kind}s are not in the model's vocabulary; they read as unknown"
            warnings = (("unknown_symbols", detail),)
        ask = Ask(
            model=model.digest, tokens=tokens, most=asked.max_tokens, n=asked.n, temperature=asked.temperature,
            seed=new_seed() if asked.seed is None else asked.seed, top_k=asked.top_k, top_p=asked.top_p,
            stops=asked.stops,
        )  # fmt: skip
        if asked.session is not None:
            return await self._in_session(model, ask, asked.session, owner, warnings)
        if not len(tokens):
            raise Unprocessable(
                "prompt: expected a text that is not empty, got an empty one; a text begins with something, if only a "
                "line break",
                code="empty_prompt",
            )
        return self._submit(model, ask, warnings, None)

    async def _tokens(self, model: Model, prompt: str) -> tuple[Tokens, int]:
        vocabulary = model.artifact.generator.vocabulary
        if not prompt:
            return np.zeros(0, dtype=np.int64), 0
        if len(prompt) <= INLINE_CHARACTERS:
            return vocabulary.encode(prompt)
        return await asyncio.to_thread(vocabulary.encode, prompt)

    async def _in_session(
        self, model: Model, ask: Ask, session: str, owner: str, warnings: tuple[tuple[str, str], ...]
    ) -> TextStream:
        sessions = self._desk.sessions
        key = key_of(owner, session)
        await sessions.enter(key)
        handed = False
        try:
            record = await sessions.find(key, session)
            if record is not None:
                agree(record, model, session)
            elif not len(ask.tokens):
                raise UnknownSession(f"session {session[:80]!r}: there is none to go on with; give a prompt to open it")
            now = sessions.now()
            coming = (_blank(key, model, now) if record is None else record).used(now, sessions.ttl)
            writing = self._submit(model, replace(ask, key=key, fresh=record is None, record=coming), warnings, session)
            handed = True
        finally:
            if not handed:
                sessions.leave(key)
        return writing

    def _submit(self, model: Model, ask: Ask, warnings: tuple[tuple[str, str], ...], session: str | None) -> TextStream:
        passage = TextTask(ask, lambda update: self._receive(writing, ask, update))
        writing = TextStream(passage, warnings, session)
        self._desk.rounds[model.digest].submit(passage)
        self._desk.dispatch.wake()
        return writing

    def _receive(self, writing: TextStream, ask: Ask, update: Update) -> None:
        """Pass an update on; with the last one the session's turn goes to the next request."""
        last = isinstance(update, (Ended, ServiceError))
        if ask.key is not None and last:
            sessions = self._desk.sessions
            if isinstance(update, Ended) and update.record is not None:
                sessions.remember(update.record)
            elif isinstance(update, Loading):
                sessions.forget(ask.key)
            sessions.leave(ask.key)
        writing.updates.put(update, urgent=last)


def _blank(key: str, model: Model, now: float) -> Record:
    """Give the record of a text session that is about to be opened."""
    return Record(
        key=key, model=model.digest, model_name=str(model), freq=None, offset=0, variables=("",),
        static=np.zeros(0, dtype=np.float32), interval=0.0, first_clock=0, last_clock=-1, count=0,
        tail=np.zeros((1, 0), dtype=np.float32), checksum=0, created_at=now, last_used=now, expires_at=now,
        kind="generator",
    )  # fmt: skip
