"""The answer to one request for text, put together from its chunks."""

from typing import Any

from service.errors import ServiceError
from service.http.ids import ulid
from service.serving.catalog import Model
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

    def add(self, update: Update) -> TextChunk | None:
        """Take an update in; gives it back if it is a chunk.

        Raises
        ------
        ServiceError
            If it is one.
        """
        if isinstance(update, ServiceError):
            raise update
        if isinstance(update, TextEnd):
            self.end = update
            return None
        self._texts[update.choice].append(update.text)
        self.finish[update.choice] = update.finish_reason
        return update

    def text(self, index: int) -> str:
        """One of the texts, as far as it has come."""
        return "".join(self._texts[index])

    @property
    def usage(self) -> dict[str, int]:
        """Tokens read and written."""
        read, written = self._stream.prompt_tokens, self.end.completion_tokens if self.end else 0
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

    def head(self) -> dict[str, Any]:
        """Give what is known before the first chunk."""
        model = self._model
        return {
            "id": self.id,
            "model": {"name": model.name, "version": model.version, "digest": model.digest},
            "seed": self._stream.seed,
        }

    def whole(self) -> dict[str, Any]:
        """Give the whole answer, once the text has ended."""
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
