"""Kafka, Redpanda and what else speaks their protocol: offsets are committed after the service has answered."""

import argparse
import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka import TopicPartition as Partition

from connectors.answer import Answer, DeadLetter
from connectors.brokers.registry import brokers
from connectors.delivery import Delivery
from connectors.errors import BrokerLost, ConnectorError
from connectors.options import Options, names, pairs

_log = logging.getLogger(__name__)
_ANSWER_S = 15.0
"""Seconds to wait for the broker where something is asked of it."""
_LINGER_S = 0.005
"""Seconds that a window waits for more once it has begun."""
_LONGEST_LETTER = 500_000
"""Bytes of a message that a dead letter keeps."""
_REBALANCED = (
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError._ASSIGNMENT_LOST,
)
T = TypeVar("T")


@brokers.add
class Kafka:
    """Reads one topic and writes two. See ``connectors.broker.Broker``.

    As a member of a group it is given partitions; with ``--partitions`` it takes the named ones without joining, so
    that nobody waits for a member that died, and commits their offsets under the group all the same.
    """

    name = "kafka"
    summary = "Kafka topics: keyed messages in, forecasts and dead letters out."

    def __init__(
        self,
        servers: str,
        topic: str,
        group: str,
        *,
        output: str | None = None,
        dead: str | None = None,
        partitions: Sequence[str] = (),
        first: str = "earliest",
        settings: dict[str, str] | None = None,
    ) -> None:
        self._topic, self._group = topic, group
        self._output, self._dead = output or f"{topic}-forecasts", dead or f"{topic}-dead-letters"
        self._partitions, self._first = tuple(partitions), first
        self._settings = {"bootstrap.servers": servers, **(settings or {})}
        self._consumer: Consumer | None = None
        self._producer: Producer | None = None
        self._next: dict[int, int] = {}
        """Partition -> offset after the last message that came of it."""

    @staticmethod
    def declare(options: Options) -> None:
        """See ``Broker``."""
        options.add("--servers", "Servers to begin with, host:port between commas.", default="127.0.0.1:9092")
        options.add("--topic", "Topic to read.", needed=True)
        options.add("--group", "Consumer group, under which offsets are committed.", default="statecast")
        options.add("--output", "Topic of the forecasts; left out, TOPIC-forecasts.")
        options.add("--dead-letters", "Topic of poison messages; left out, TOPIC-dead-letters.")
        options.add("--partitions", "Numbers between commas, or all: taken without joining the group.", kind=names)
        options.add("--first", "Where a group without offsets begins: earliest or latest.", default="earliest")
        options.add("--settings", "Settings of librdkafka, name=value between commas.", kind=pairs)

    @classmethod
    def of(cls, chosen: argparse.Namespace) -> Self:
        """See ``Broker``."""
        return cls(
            chosen.servers, chosen.topic, chosen.group, output=chosen.output, dead=chosen.dead_letters,
            partitions=chosen.partitions or (), first=chosen.first, settings=chosen.settings,
        )  # fmt: skip

    async def open(self) -> None:
        """See ``Broker``."""
        await _in_thread(self._open)

    def _open(self) -> None:
        self._next = {}
        own = {"enable.auto.commit": False, "enable.auto.offset.store": False, "auto.offset.reset": self._first}
        try:
            # linger.ms: a round waits for its forecasts to be written, and more would not come in the meantime.
            self._producer = Producer({"acks": "all", "linger.ms": 0, "enable.idempotence": True, **self._settings})
            self._consumer = consumer = Consumer({**own, "group.id": self._group, **self._settings})
        except KafkaException as error:
            raise ConnectorError(f"settings: {error}") from error
        if not self._partitions:
            consumer.subscribe([self._topic])
            return
        found = sorted(consumer.list_topics(self._topic, timeout=_ANSWER_S).topics[self._topic].partitions)
        wanted = found if self._partitions == ("all",) else [int(number) for number in self._partitions]
        if not found or not set(wanted) <= set(found):
            raise BrokerLost(f"topic {self._topic!r} has the partitions {found}, expected {wanted or 'some'}")
        begin = OFFSET_BEGINNING if self._first == "earliest" else OFFSET_END
        places = consumer.committed([Partition(self._topic, number) for number in wanted], timeout=_ANSWER_S)
        for place in places:
            place.offset = place.offset if place.offset >= 0 else begin
        consumer.assign(places)

    async def receive(self, most: int, wait_s: float) -> list[Delivery]:
        """See ``Broker``."""
        return await _in_thread(lambda: self._receive(most, wait_s))

    def _receive(self, most: int, wait_s: float) -> list[Delivery]:
        assert self._consumer is not None
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        came = [first, *(self._consumer.consume(most - 1, _LINGER_S) if most > 1 else [])]
        return [delivery for message in came if (delivery := self._delivery(message)) is not None]

    def _delivery(self, message: Message) -> Delivery | None:
        if (error := message.error()) is not None:
            if error.fatal() or error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise BrokerLost(f"topic {self._topic!r}: {error}")
            _log.warning("%s", error)
            return None
        partition, offset, key, value = message.partition(), message.offset(), message.key(), message.value()
        assert partition is not None and offset is not None
        self._next[partition] = offset + 1
        text = None if key is None else _bytes(key).decode(errors="replace")
        return Delivery(f"{self._topic}/{partition}/{offset}", text, _bytes(value), message)

    async def identify(self, deliveries: Sequence[Delivery]) -> list[str]:
        """See ``Broker``."""
        return [f"kafka:{delivery.place}" for delivery in deliveries]

    async def publish(self, answers: Sequence[Answer]) -> None:
        """See ``Broker``."""
        await self._write([{"topic": self._output, "key": one.observation.session, "value": one.document()}
                           for one in answers])  # fmt: skip

    async def reject(self, letters: Sequence[DeadLetter]) -> None:
        """See ``Broker``. Key, value and headers stay; the reason is in headers of its own."""
        await self._write([self._letter(letter) for letter in letters])

    def _letter(self, letter: DeadLetter) -> dict[str, Any]:
        message = letter.delivery.token
        assert isinstance(message, Message)
        reason = {"code": letter.code, "detail": letter.detail, "origin": letter.delivery.place}
        value = message.value()
        if (
            value is not None and len(value) > _LONGEST_LETTER
        ):  # which the broker might refuse, and the stream would stand
            reason["length"], value = str(len(value)), value[:_LONGEST_LETTER]
        headers = [*(message.headers() or []), *((f"statecast-{name}", text.encode()) for name, text in reason.items())]
        return {"topic": self._dead, "key": message.key(), "value": value, "headers": headers}

    async def _write(self, messages: Sequence[dict[str, Any]]) -> None:
        """Returns when all copies have them."""
        await _in_thread(lambda: self._flush(messages))

    def _flush(self, messages: Sequence[dict[str, Any]]) -> None:
        assert self._producer is not None
        failed: list[KafkaError] = []

        def keep(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        try:
            for message in messages:
                self._producer.produce(**message, on_delivery=keep)
        except KafkaException as error:
            failed.append(error.args[0])
        left = self._producer.flush(_ANSWER_S)
        if any(error.code() == KafkaError.MSG_SIZE_TOO_LARGE for error in failed):
            raise ConnectorError(
                f"a forecast is longer than the broker takes: {failed[0]}; request fewer quantile levels or steps, or "
                "raise message.max.bytes by --settings and max.message.bytes of the topic"
            )
        if failed or left:
            raise BrokerLost(f"forecasts: {failed[0] if failed else f'{left} were not written in {_ANSWER_S:.0f} s'}")

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See ``Broker``."""
        places: dict[int, int] = {}
        for delivery in deliveries:
            message = delivery.token
            assert isinstance(message, Message)
            places[int(message.partition() or 0)] = int(message.offset() or 0) + 1
        offsets = [Partition(self._topic, partition, offset) for partition, offset in places.items()]
        await _in_thread(lambda: self._commit(offsets))

    def _commit(self, offsets: list[Partition]) -> None:
        assert self._consumer is not None
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in _REBALANCED:
                raise
            _log.warning("offsets were not committed, another member goes on and finds duplicates: %s", error)

    async def lag(self) -> int | None:
        """See ``Broker``. As of the last fetch."""
        if self._consumer is None:
            return None
        waiting = 0
        for place in self._consumer.assignment():
            low, high = self._consumer.get_watermark_offsets(place, cached=True)
            if high >= 0:
                waiting += high - self._next.get(place.partition, max(low, 0))
        return max(waiting, 0)

    async def close(self) -> None:
        """See ``Broker``."""
        consumer, self._consumer, self._producer = self._consumer, None, None
        if consumer is not None:
            await asyncio.to_thread(consumer.close)


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except KafkaException as error:
        raise BrokerLost(str(error)) from error


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""
