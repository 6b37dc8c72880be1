"""MQTT: mosquitto."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.harness.process import free_port
from benchmarks.harness.waiting import wait_until
from tests.connectors.brokers.broker import Message, listens

_MARK = "statecast/mark"
PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin")


class MqttBroker:
    """Mosquitto, which keeps sessions and their messages in a file."""

    name, persists = "mqtt", True

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
            "max_queued_messages 0\nmax_inflight_messages 200\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._outputs: list[dict[str, Any]] = []
        self._letters: list[str] = []
        self._marks = 0
        self._reader = self._client("test-reader")
        self._writer = self._client("test-writer")
        self._reader.on_message = self._keep

    def _client(self, name: str) -> Any:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        client = Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
        client.reconnect_delay_set(1, 1)
        client.max_inflight_messages_set(200)
        return client

    @property
    def arguments(self) -> list[str]:
        journal = str(self._folder / "journal.db")
        return ["mqtt", "--server", f"mqtt://127.0.0.1:{self.port}", "--topics", "readings/#", "--journal", journal]

    def session(self, key: str) -> str:
        return f"readings.{key}"

    def start(self) -> None:
        first = self._process is None
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM or "mosquitto", "-c", str(self._settings)], stdout=log, stderr=log
            )
        wait_until(lambda: listens(self.port), 20, "mosquitto")
        if first:
            self._remember()
            for client in (self._reader, self._writer):
                client.connect("127.0.0.1", self.port)
                client.loop_start()
            wait_until(lambda: self._reader.is_connected() and self._writer.is_connected(), 20, "the test's clients")
            self._reader.subscribe("statecast/#", 1)

    def _remember(self) -> None:
        """Open the connector's session, so that what is published before its first start waits for it."""
        client = self._client("statecast-connector")
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        wait_until(client.is_connected, 20, "a session")
        done: list[int] = []
        client.on_subscribe = lambda *_: done.append(1)
        client.subscribe("readings/#", 1)
        wait_until(lambda: bool(done), 20, "a subscription")
        client.disconnect()
        client.loop_stop()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def kill(self) -> None:
        for client in (self._reader, self._writer):
            client.disconnect()
            client.loop_stop()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def produce(self, messages: Iterable[Message]) -> None:
        sent = [self._writer.publish(f"readings/{key}", payload, qos=1) for key, payload in messages]
        for one in sent:
            one.wait_for_publish(60)

    def _keep(self, _: Any, __: Any, message: Any) -> None:
        content = json.loads(message.payload)
        if message.topic == _MARK:
            self._marks += 1
        elif message.topic == "statecast/dead-letters":
            self._letters.append(content["code"])
        else:
            self._outputs.append(content)

    def outputs(self) -> list[dict[str, Any]]:
        return self._settled(self._outputs)

    def letters(self) -> list[str]:
        return self._settled(self._letters)

    def _settled(self, kept: list[Any]) -> list[Any]:
        """What has come up to a message that is sent now: a broker delivers to a client in order."""
        before = self._marks
        self._writer.publish(_MARK, b"{}", qos=1)
        wait_until(lambda: self._marks > before, 60, "the test's own message")
        return list(kept)
