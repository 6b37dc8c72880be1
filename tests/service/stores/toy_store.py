"""A state store in one file of somebody else's, to show that one file is all it takes: a session is a folder's file."""

import base64
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from threading import RLock
from typing import Self

from service.stores.documents.document import Document
from service.stores.interface import Answer, Append, Delete, Moved, Put, Record, StoreError, Swept, Touch, Write
from service.stores.record_columns import from_row, to_row
from service.stores.registry import stores


@stores.register("toy")
class ToyStore:
    """Everything in one JSON file, written anew with each commit. Durable, and slow."""

    name = "toy"
    durable = True
    journaled = False

    def __init__(self, folder: Path) -> None:
        self._file, self._lock = folder / "toy.json", RLock()

    @classmethod
    def open(cls, url: str) -> Self:
        """Open ``toy://FOLDER``."""
        folder = Path(url.removeprefix("toy://"))
        if not url.startswith("toy://") or not folder.is_dir():
            raise StoreError(f"state_url: expected toy://FOLDER that is there, got {url!r}; make the folder")
        return cls(folder)

    def get(self, key: str) -> Record | None:
        """Read the record of a session (also an expired one), or None."""
        with self._lock:
            return self._read().get(key, (None, None))[0]

    def named(self, owner: str, prefix: str, after: str, limit: int) -> list[Record]:
        """Read sessions by their names."""
        with self._lock:
            kept = [record for record, _ in self._read().values() if record.owner == owner and record.name > after]
        return sorted((one for one in kept if one.name.startswith(prefix)), key=lambda one: one.name)[:limit]

    def sessions(self, after: Record | None) -> Iterator[Record]:
        """Read all sessions, in the order of their keys."""
        with self._lock:
            kept = self._read()
        return (kept[key][0] for key in sorted(kept) if after is None or key > after.key)

    def state(self, key: str) -> bytes | None:
        """Read the state that was put with the record, or None."""
        with self._lock:
            return self._read().get(key, (None, None))[1]

    def answer(self, key: str, now: float) -> bytes | None:
        """Read a kept answer, or None."""
        with self._lock:
            content, until = self._answers().get(key, (b"", 0.0))
            return content if until > now else None

    def documents(self, prefix: str, after: str, limit: int) -> list[Document]:
        """Read documents by their keys."""
        with self._lock:
            kept = self._documents()
        return [kept[key] for key in sorted(kept) if key.startswith(prefix) and key > after][:limit]

    def last_written(self) -> float | None:
        """Nobody remembers."""
        return None

    def appended(self) -> Iterator[Append]:
        """Nothing: it keeps no journal."""
        return iter(())

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none."""
        with self._lock:
            kept, answers, documents = self._read(), self._answers(), self._documents()
            for write in writes:
                if isinstance(write, Answer):
                    if answers.get(write.key, (b"", 0.0))[1] <= write.at:
                        answers[write.key] = write.content, write.until
                elif isinstance(write, Document):
                    before = documents.pop(write.key, None)
                    if (0 if before is None else before.revision) != write.revision - 1:
                        raise Moved([write.key])
                    if write.content is not None:
                        documents[write.key] = write
                elif isinstance(write, Put):
                    kept[write.record.key] = (write.record, write.state)
                elif isinstance(write, Touch):
                    if write.key in kept:
                        record, state = kept[write.key]
                        expires_at = max(record.expires_at, write.expires_at)
                        kept[write.key] = (replace(record, last_used=write.last_used, expires_at=expires_at), state)
                elif isinstance(write, Delete):
                    kept.pop(write.key, None)
                else:
                    raise StoreError(f"{type(write).__name__}: this store keeps no journal")
            self._write(kept, answers, documents)

    def check(self) -> None:
        """Nothing is watched."""

    def expire(self, now: float, forgotten: float, limit: int) -> Swept:
        """Turn sessions whose life has ended into tombstones (no state, no tail), drop old tombstones."""
        with self._lock:
            kept = self._read()
            due = [r for r, _ in kept.values() if r.expires_at <= (forgotten if r.dropped else now)][:limit]
            for record in due:
                if record.dropped:
                    del kept[record.key]
                    continue
                bare = replace(record, tail=record.tail[:, :0], given_tail=record.given_tail[..., :0], dropped=True)
                kept[record.key] = (replace(bare, issued=None), None)
            self._write(
                kept,
                {key: one for key, one in self._answers().items() if one[1] > now},
                {key: one for key, one in self._documents().items() if one.until > now},
            )
            forgotten_count = sum(record.dropped for record in due)
            return Swept(len(due) - forgotten_count, forgotten_count)

    def close(self) -> None:
        """Nothing is held."""

    def _read(self) -> dict[str, tuple[Record, bytes | None]]:
        if not self._file.exists():
            return {}
        rows = json.loads(self._file.read_text(), object_hook=_decoded)["sessions"]
        return {key: (from_row(tuple(row)), state) for key, (row, state) in rows.items()}

    def _answers(self) -> dict[str, tuple[bytes, float]]:
        if not self._file.exists():
            return {}
        return json.loads(self._file.read_text(), object_hook=_decoded)["answers"]  # type: ignore[no-any-return]

    def _documents(self) -> dict[str, Document]:
        if not self._file.exists():
            return {}
        rows = json.loads(self._file.read_text(), object_hook=_decoded)["documents"]
        return {row[0]: Document(*row) for row in rows}

    def _write(
        self,
        kept: dict[str, tuple[Record, bytes | None]],
        answers: dict[str, tuple[bytes, float]],
        documents: dict[str, Document],
    ) -> None:
        rows = {key: (to_row(record), state) for key, (record, state) in kept.items()}
        text = json.dumps(
            {"sessions": rows, "answers": answers, "documents": list(map(astuple, documents.values()))},
            default=_encoded,
        )
        new = self._file.with_suffix(".new")
        new.write_text(text)
        os.replace(new, self._file)


def _encoded(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _decoded(value: dict[str, str]) -> object:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
