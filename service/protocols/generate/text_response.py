"""What has come of a text so far: its pieces put together, and the object that tells of them."""

from typing import Any

from service.errors import ServiceError
from service.http.ids import ulid
from service.serving.catalog import Model
from service.serving.text import TextStream
from service.serving.views import instant
from service.text.request import Ended, TextChunk, Update


class TextResponse:
    """The pieces of one request's texts.

    id: of the answer.  ended: set with the last update.
    """

    def __init__(self, model: Model, writing: TextStream, n: int) -> None:
        self.id = f"gen_{ulid()}"
        self.ended: Ended | None = None
        self.finish: list[str | None] = [None] * n
        self._model, self._writing = model, writing
        self._texts: list[list[str]] = [[] for _ in range(n)]

    def add(self, update: Update) -> TextChunk | None:
        """Take an update in; gives it back if it is a piece.

        Raises
        ------
        ServiceError
            If it is one.
        """
        if isinstance(update, ServiceError):
            raise update
        if isinstance(update, Ended):
            self.ended = update
            return None
        self._texts[update.which].append(update.text)
        self.finish[update.which] = update.finish
        return update

    def text(self, index: int) -> str:
        """One of the texts, as far as it has come."""
        return "".join(self._texts[index])

    @property
    def usage(self) -> dict[str, int]:
        """Tokens read and written."""
        read, written = self._writing.prompt_tokens, self.ended.drawn if self.ended else 0
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

    def head(self) -> dict[str, Any]:
        """Tell what is known before the first piece."""
        model = self._model
        return {
            "id": self.id,
            "model": {"name": model.name, "version": model.version, "digest": model.digest},
            "seed": self._writing.seed,
        }

    def whole(self) -> dict[str, Any]:
        """Tell everything, once it has ended."""
        return self.head() | {
            "choices": [
                {"index": index, "text": self.text(index), "finish_reason": finish}
                for index, finish in enumerate(self.finish)
            ],
            "usage": self.usage,
            "session": self._session(),
            "warnings": [{"code": code, "detail": detail} for code, detail in self._writing.warnings],
        }

    def _session(self) -> dict[str, Any] | None:
        record = self.ended.record if self.ended else None
        if record is None:
            return None
        return {
            "id": self._writing.session,
            "count": record.count,
            "digest": record.digest,
            "expires_at": instant(record.expires_at),
        }
