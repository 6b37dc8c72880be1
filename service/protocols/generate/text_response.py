"""The answer to one request for text, put together from its chunks."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import ClientDisconnect

from service.errors import ServiceError
from service.http.ids import ulid
from service.http.sse import GATHER_S, HEARTBEAT_S
from service.models.model import Model
from service.serving.text import TextStream
from service.serving.views import instant
from service.text.request import TextChunk, TextEnd, Update


class TextResponse:
    """The texts of one request, as far as they have come.

    Parameters
    ----------
    model : Model
        Which writes them.
    stream : TextStream
        Where its updates come from.
    n : int
        Number of texts.
    """

    def __init__(self, model: Model, stream: TextStream, n: int) -> None:
        self.id = f"gen_{ulid()}"
        self.end: TextEnd | None = None
        self.finish: list[str | None] = [None] * n
        self._model, self._stream = model, stream
        self._texts: list[list[str]] = [[] for _ in range(n)]

    async def chunks(self) -> AsyncIterator[list[TextChunk]]:
        """Give the chunks as they come until the text ends or the client leaves.

        Yields
        ------
        list of TextChunk
            Empty in a silence.

        Raises
        ------
        ServiceError
            If the text failed.
        """
        updates = self._stream.updates
        while self.end is None:
            chunks: list[TextChunk] = []
            for update in await updates.take(HEARTBEAT_S, GATHER_S):
                if isinstance(update, ServiceError) and chunks:
                    yield chunks
                chunks += self._add(update)
            if updates.left:
                return
            yield chunks

    async def read_to_end(self) -> None:
        """Wait for the whole text.

        Raises
        ------
        ServiceError, ClientDisconnect
            If it failed, or the client left.
        """
        updates = self._stream.updates
        while self.end is None:
            for update in await updates.take():
                self._add(update)
            if updates.left and self.end is None:
                raise ClientDisconnect

    def _add(self, update: Update) -> list[TextChunk]:
        """Take an update in; gives what it adds to the texts."""
        if isinstance(update, ServiceError):
            raise update
        if isinstance(update, TextEnd):
            self.end = update
            return []
        self._texts[update.choice].append(update.text)
        self.finish[update.choice] = update.finish_reason
        return [update]

    def text(self, index: int) -> str:
        """Give one of the texts, as far as it has come.

        Parameters
        ----------
        index : int
            Which, from 0.

        Returns
        -------
        str
            Whole characters.
        """
        return "".join(self._texts[index])

    @property
    def usage(self) -> dict[str, int]:
        """Tokens read and written."""
        read, written = self._stream.prompt_tokens, self.end.completion_tokens if self.end else 0
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

    def head(self) -> dict[str, Any]:
        """Give what is known before the first chunk.

        Returns
        -------
        dict
            Members ``id``, ``model`` and ``seed``.
        """
        model = self._model
        return {
            "id": self.id,
            "model": model.identity,
            "seed": self._stream.seed,
        }

    def whole(self) -> dict[str, Any]:
        """Give the whole answer, once the text has ended.

        Returns
        -------
        dict
            Body of ``POST /generate``'s answer.
        """
        return self.head() | {
            "choices": [
                {"index": index, "text": self.text(index), "finish_reason": finish}
                for index, finish in enumerate(self.finish)
            ],
            "usage": self.usage,
            "session": self._session(),
            "warnings": [{"code": code, "detail": detail} for code, detail in self._stream.warnings],
        }

    def _session(self) -> dict[str, Any] | None:
        record = self.end.record if self.end else None
        if record is None:
            return None
        return {
            "id": self._stream.session,
            "count": record.count,
            "digest": record.digest,
            "expires_at": instant(record.expires_at),
        }
