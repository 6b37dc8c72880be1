"""Sessions in Redis, which any number of processes may share: whoever advances one says what it goes on from."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as Unanswered
from redis.retry import Retry

from service.stores.documents import redis_hash
from service.stores.documents.document import Document
from service.stores.interface import (
    Append,
    Behind,
    Moved,
    Record,
    StoreError,
    Swept,
    Unacknowledged,
    Write,
)
from service.stores.redis_fields import FIELDS, from_fields, words_of
from service.stores.registry import stores
from service.stores.states.packed import unpack_state

PREFIX = "statecast:"
"""Of every key."""

_CONNECTED_WITHIN, _ANSWERED_WITHIN = 1.0, 5.0
"""Seconds after which Redis counts as away."""
_UNANSWERED = (Disconnected, Unanswered, OSError)
"""After these a script may have run."""
_PROBED_BYTES = 4 << 20
_READ_AT_ONCE = 256
"""Sessions that are read at a time."""
_KEPT = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
"""With this configuration Redis loses nothing that it has acknowledged."""


@stores.register("redis")
class RedisStore:
    """A ``SharedStore``. It is durable where Redis syncs its append-only file before it answers.

    While Redis is away every method fails with ``StoreError``; once it is back they work again.

    Parameters
    ----------
    url : str
        ``redis://[[user]:password@]host[:port][/database]``, by TLS ``rediss://``.

    Raises
    ------
    StoreError
        If the URL cannot be read, or Redis does not accept the password.
    """

    name = "redis"
    journaled = False

    @classmethod
    def open(cls, url: str) -> Self:
        """Open ``redis://HOST:PORT/DATABASE`` or ``rediss://...``; see ``Store.open``."""
        if not url.startswith(("redis://", "rediss://")):
            raise StoreError(
                f"state_url: expected redis://HOST:PORT or rediss://HOST:PORT, got {url.partition(':')[0]}"
            )
        return cls(url)

    def __init__(self, url: str) -> None:
        self.durable, self._failed_bytes = False, 0
        # A script that was sent and not answered may have run: it must not be sent again by itself.
        options = {"retry": Retry(NoBackoff(), 0), "health_check_interval": 0}
        try:
            self._redis = Redis.from_url(
                url, socket_connect_timeout=_CONNECTED_WITHIN, socket_timeout=_ANSWERED_WITHIN, **options
            )
        except ValueError:  # which may name a part of the password
            raise StoreError(
                "state_url: expected redis://USER:PASSWORD@HOST:PORT/DATABASE, got one that cannot be read; write "
                "/, ?, # and @ of a password as %2F, %3F, %23 and %40"
            ) from None
        self._commit, self._expire = (
            self._redis.register_script(Path(__file__).with_name(f"redis_{name}.lua").read_text())
            for name in ("commit", "expire")
        )
        try:
            self._look()
        except AuthenticationError as error:
            raise StoreError(f"state_url: Redis refuses the user or password ({error})") from None
        except (RedisError, OSError):  # it may come later; until then every request says so
            pass

    def get(self, key: str) -> Record | None:
        """Read a record; see ``Store.get``."""
        return self.changed({key: ""})[key]

    def changed(self, known: Mapping[str, str]) -> dict[str, Record | None]:
        """Read what others have advanced; see ``SharedStore.changed``."""
        with _explained("cannot read sessions"):
            look = self._redis.pipeline(transaction=False)
            for key, digest in known.items():
                look.hmget(_name(key), ("digest", "dropped") if digest else FIELDS)
            found: dict[str, Any] = dict(zip(known, look.execute(), strict=True))
            same = {key for key, digest in known.items() if digest and found[key] == [digest.encode(), None]}
            read = [key for key, digest in known.items() if digest and key not in same]
            if read:
                look = self._redis.pipeline(transaction=False)
                for key in read:
                    look.hmget(_name(key), FIELDS)
                found |= zip(read, look.execute(), strict=True)
            return {key: from_fields(key, found[key]) for key in known if key not in same}

    def named(self, owner: str, prefix: str, after: str, limit: int) -> list[Record]:
        """Read sessions by their names; see ``Store.named``."""
        # Behind the empty name are sessions without one.
        begin = f"({after}\0".encode() + b"\xff" if after >= prefix else f"[{prefix}".encode()
        found = self._in_order(owner.encode(), begin, f"({prefix}".encode() + b"\xff", limit)
        return list(islice(found, limit))

    def sessions(self, after: Record | None) -> Iterator[Record]:
        """Read all sessions, owner by owner, in the order of their names; see ``Store.sessions``."""
        with _explained("cannot read sessions"):
            names = f"{PREFIX}n:".encode()
            owners = sorted({found[len(names) :] for found in self._redis.scan_iter(names + b"*", _READ_AT_ONCE)})
        for owner in owners:
            begin = b"-"
            if after is not None and owner <= after.owner.encode():
                if owner < after.owner.encode():
                    continue
                begin = f"({after.name}\0{after.key}".encode()
            yield from self._in_order(owner, begin, b"+", _READ_AT_ONCE)

    def _in_order(self, owner: bytes, begin: bytes, end: bytes, at_once: int) -> Iterator[Record]:
        """Read an owner's sessions in the order of their names, so many at a time."""
        while True:  # one that was deleted just now must not be taken for the end
            with _explained("cannot read sessions"):
                found: Any = self._redis.zrangebylex(f"{PREFIX}n:".encode() + owner, begin, end, 0, at_once)
            if not found:
                return
            read = self.changed({member.rpartition(b"\0")[2].decode(): "" for member in found})
            yield from (record for record in read.values() if record is not None)
            begin = b"(" + found[-1]

    def documents(self, prefix: str, after: str, limit: int) -> list[Document]:
        """Read documents; see ``DocumentStore.documents``."""
        with _explained("cannot read documents"):
            return redis_hash.read(self._redis, f"{PREFIX}d", prefix, after, limit)

    def state(self, key: str) -> bytes | None:
        """Read a state; see ``Store.state``."""
        found = self.behind(key)
        if found is not None and len(found.values):
            raise StoreError(f"the state of session {key} is {len(found.values)} observations behind its record")
        return None if found is None else found.state

    def behind(self, key: str) -> Behind | None:
        """Read a session with the state that was put last; see ``SharedStore.behind``."""
        with _explained("cannot read a state"):
            values: Any = self._redis.hmget(_name(key), (*FIELDS, "state"))
            record, state, steps = from_fields(key, values[:-1]), values[-1], values[FIELDS.index("steps")]
            if record is None or state is None:
                return None
            return Behind(record, unpack_state(bytes(state)), np.frombuffer(steps or b"", "<f8"))

    def answer(self, key: str, now: float) -> bytes | None:  # noqa: ARG002 (Redis forgets by itself)
        """Read a kept answer; see ``Store.answer``."""
        with _explained("cannot read an answer"):
            content: Any = self._redis.get(f"{PREFIX}a:{key}")
        return None if content is None else bytes(content)

    def last_written(self) -> float | None:
        """Give Redis's own time, because others may write now; see ``Store.last_written``."""
        try:
            seconds, microseconds = self._redis.time()
        except (RedisError, OSError):
            return None
        return float(seconds) + float(microseconds) / 1e6

    def appended(self) -> Iterator[Append]:
        """Nothing: it keeps no journal. See ``Store.appended``."""
        return iter(())

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none, in one round trip; see ``Store.commit``."""
        words: list[bytes | str] = []
        for write in writes:
            words += words_of(write)
        size = sum(map(len, words))
        try:
            with _explained("cannot write sessions"):
                moved: Any = self._commit([PREFIX], words)
        except StoreError as error:
            self._failed_bytes = max(self._failed_bytes, min(size, _PROBED_BYTES))
            if isinstance(error.__cause__, _UNANSWERED):
                raise Unacknowledged(str(error)) from error
            raise
        if size >= self._failed_bytes:
            self._failed_bytes = 0
        if moved:
            raise Moved([key.decode() for key in moved])

    def check(self) -> None:
        """See whether Redis takes writes now, as much again as failed last; see ``Store.check``."""
        with _explained("cannot write"):
            self._redis.set(f"{PREFIX}probe", bytes(self._failed_bytes + 1))
            self._failed_bytes = 0
            self._redis.set(f"{PREFIX}probe", b"")
            self._look()

    def expire(self, now: float, forgotten: float, limit: int) -> Swept:
        """Turn sessions whose life has ended into tombstones, and drop old ones; see ``Store.expire``."""
        with _explained("cannot expire sessions"):
            swept: Any = self._expire([PREFIX], [repr(now), repr(forgotten), limit])
        return Swept(*map(int, swept))

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def _look(self) -> None:
        """Find out whether Redis keeps what it acknowledges; where it does not say, it counts as one that may not."""
        self._redis.ping()
        try:
            found: Any = self._redis.config_get(*_KEPT)
        except AuthenticationError:
            raise
        except RedisError:
            found = {}
        self.durable = {_text(name): _text(value) for name, value in found.items()} == _KEPT


def _name(key: str) -> str:
    return f"{PREFIX}s:{key}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, KeyError, TypeError, ValueError) as error:  # the last ones: a session that is damaged
        raise StoreError(f"{what}: {error}") from error
