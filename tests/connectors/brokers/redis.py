"""Redis Streams: redis-server with its append-only file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.harness import redis as redis_harness
from tests.connectors.brokers.broker import Message


class RedisBroker:
    """Redis with its append-only file."""

    name, persists = "redis", True

    def __init__(self, folder: Path) -> None:
        self._server = redis_harness.RedisServer(folder)

    @property
    def arguments(self) -> list[str]:
        return ["redis", "--server", self._server.url, "--stream", "readings", "--consumer", "one",
                "--payload-field", "data"]  # fmt: skip

    def session(self, key: str) -> str:
        return key

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.kill()

    def kill(self) -> None:
        self._server.kill()

    def _client(self) -> Any:
        from redis import Redis

        return Redis(port=self._server.port)

    def produce(self, messages: Iterable[Message]) -> None:
        with self._client() as client, client.pipeline(transaction=False) as pipe:
            for key, payload in messages:
                pipe.xadd("readings", {"session": key, "data": payload})
            pipe.execute()

    def outputs(self) -> list[dict[str, Any]]:
        with self._client() as client:
            return [json.loads(fields[b"data"]) for _, fields in client.xrange("readings-forecasts")]

    def letters(self) -> list[str]:
        with self._client() as client:
            return [fields[b"statecast-code"].decode() for _, fields in client.xrange("readings-dead-letters")]
