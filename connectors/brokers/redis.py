"""Redis Streams: a consumer group, entries acknowledged after the service has answered."""

import argparse
import json
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from connectors.answer import Answer, DeadLetter
from connectors.brokers.registry import brokers
from connectors.delivery import Delivery
from connectors.errors import BrokerLost
from connectors.options import Options

_CLAIM_EVERY_S = 5.0
P = ParamSpec("P")
T = TypeVar("T")
Entry = tuple[bytes, dict[bytes, bytes] | None]


def _lost(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Failures of Redis as ``BrokerLost``."""

    @wraps(method)
    async def guarded(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await method(*arguments, **named)
        except (RedisError, OSError) as error:
            raise BrokerLost(str(error)) from error

    return guarded


@brokers.add
class RedisStreams:
    """Reads one stream and writes two. See ``connectors.broker.Broker``.

    It begins with what it had not acknowledged under its own name, and takes over what another consumer has left for
    longer than ``--claim-idle-s``.
    """

    name = "redis"
    summary = "Redis Streams: entries in, forecasts and dead letters out."

    def __init__(self, server: str, stream: str, group: str, consumer: str, *, output: str | None = None,
                 dead: str | None = None, payload: str | None = None, claim_idle_s: float = 60.0,
                 keep: int | None = None) -> None:  # fmt: skip
        self._server, self._stream, self._group, self._consumer = server, stream, group, consumer
        self._output, self._dead = output or f"{stream}-forecasts", dead or f"{stream}-dead-letters"
        self._payload, self._claim_idle_s, self._keep = payload, claim_idle_s, keep
        self._redis: Redis | None = None
        self._pending: bytes | None = b"0"
        """Where it is in what it had in hand when it ended; None where that is done."""
        self._claimed_at = float("-inf")

    @staticmethod
    def declare(options: Options) -> None:
        """See ``Broker``."""
        options.add("--server", "Address of Redis.", default="redis://127.0.0.1:6379/0")
        options.add("--stream", "Stream to read.", needed=True)
        options.add("--group", "Consumer group; made where there is none.", default="statecast")
        options.add("--consumer", "Name in the group, which each process keeps; left out, this machine's.")
        options.add("--output", "Stream of the forecasts; left out, STREAM-forecasts.")
        options.add("--dead-letters", "Stream of poison messages; left out, STREAM-dead-letters.")
        options.add("--payload-field", "Field that holds the message as JSON; left out, the fields are the message.")
        options.add("--claim-idle-s", "Seconds after which another consumer's entries are taken over.", default=60.0,
                    kind=float)  # fmt: skip
        options.add("--keep", "Entries to keep of the forecasts, about; left out, all.", kind=int)

    @classmethod
    def of(cls, chosen: argparse.Namespace) -> Self:
        """See ``Broker``."""
        return cls(
            chosen.server, chosen.stream, chosen.group, chosen.consumer or socket.gethostname(),
            output=chosen.output, dead=chosen.dead_letters,
            payload=chosen.payload_field, claim_idle_s=chosen.claim_idle_s, keep=chosen.keep,
        )  # fmt: skip

    @_lost
    async def open(self) -> None:
        """See ``Broker``."""
        self._redis, self._pending, self._claimed_at = Redis.from_url(self._server), b"0", float("-inf")
        try:
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    @_lost
    async def receive(self, most: int, wait_s: float) -> list[Delivery]:
        """See ``Broker``. What it had in hand comes first, then what others left, then what is new."""
        assert self._redis is not None
        if self._pending is not None:
            found = await self._read(self._pending, most, None)
            self._pending = found[-1][0] if found else None
            if found:
                return await self._deliveries(found)
        if time.monotonic() - self._claimed_at >= _CLAIM_EVERY_S:
            idle_ms = int(1000 * self._claim_idle_s)
            claimed = await self._redis.xautoclaim(self._stream, self._group, self._consumer, idle_ms, count=most)
            if claimed[1]:
                return await self._deliveries(claimed[1])
            self._claimed_at = time.monotonic()
        return await self._deliveries(await self._read(b">", most, max(1, int(1000 * wait_s))))

    async def _read(self, since: bytes, most: int, block_ms: int | None) -> list[Entry]:
        assert self._redis is not None
        streams: dict[Any, Any] = {self._stream: since}
        found: Any = await self._redis.xreadgroup(self._group, self._consumer, streams, count=most, block=block_ms)
        if isinstance(found, dict):
            return [entry for part in found.values() for entries in part for entry in entries]
        return [entry for _, entries in found or () for entry in entries]

    async def _deliveries(self, entries: Sequence[Entry]) -> list[Delivery]:
        """As messages; what was trimmed away in the meantime can only be forgotten."""
        assert self._redis is not None
        if gone := [name for name, fields in entries if not fields]:
            await self._redis.xack(self._stream, self._group, *gone)
        return [self._delivery(name, fields) for name, fields in entries if fields]

    def _delivery(self, name: bytes, fields: dict[bytes, bytes]) -> Delivery:
        key = fields.get(b"session", fields.get(b"key", self._stream.encode())).decode(errors="replace")
        if self._payload is not None:
            payload = fields.get(self._payload.encode(), b"")
        else:
            text = {key.decode(errors="replace"): value.decode(errors="replace") for key, value in fields.items()}
            payload = json.dumps(text).encode()
        return Delivery(f"{self._stream}/{name.decode()}", key, payload, (name, fields))

    async def identify(self, deliveries: Sequence[Delivery]) -> list[str]:
        """See ``Broker``."""
        return [f"redis:{delivery.place}" for delivery in deliveries]

    @_lost
    async def publish(self, answers: Sequence[Answer]) -> None:
        """See ``Broker``."""
        assert self._redis is not None
        async with self._redis.pipeline(transaction=False) as pipe:
            for one in answers:
                fields: Any = {"session": one.observation.session, "data": one.document()}
                pipe.xadd(self._output, fields, maxlen=self._keep)
            await pipe.execute()

    @_lost
    async def reject(self, letters: Sequence[DeadLetter]) -> None:
        """See ``Broker``. Its fields stay; the reason is in fields of its own."""
        assert self._redis is not None
        async with self._redis.pipeline(transaction=False) as pipe:
            for letter in letters:
                _, fields = _token(letter.delivery)
                reason = {"code": letter.code, "detail": letter.detail, "origin": letter.delivery.place}
                content: Any = {**fields, **{f"statecast-{name}": text for name, text in reason.items()}}
                pipe.xadd(self._dead, content)
            await pipe.execute()

    @_lost
    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See ``Broker``."""
        assert self._redis is not None
        await self._redis.xack(self._stream, self._group, *(_token(delivery)[0] for delivery in deliveries))

    @_lost
    async def lag(self) -> int | None:
        """See ``Broker``."""
        assert self._redis is not None
        for group in await self._redis.xinfo_groups(self._stream):
            if group["name"] == self._group.encode():
                return None if group.get("lag") is None else int(group["lag"]) + int(group["pending"])
        return None

    async def close(self) -> None:
        """See ``Broker``."""
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose()


def _token(delivery: Delivery) -> tuple[bytes, dict[bytes, bytes]]:
    token: Any = delivery.token
    return token[0], token[1]
