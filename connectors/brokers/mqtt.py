"""MQTT with QoS 1: a message is acknowledged after the service has answered, and comes again where it was not."""

import argparse
import asyncio
import base64
import json
import logging
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from connectors.answer import Answer, DeadLetter
from connectors.brokers.journal import Journal, Sent
from connectors.brokers.registry import brokers
from connectors.delivery import Delivery
from connectors.errors import BrokerLost, ConnectorError
from connectors.options import Options, names

_log = logging.getLogger(__name__)
_ANSWER_S = 15.0


@brokers.add
class Mqtt:
    """Reads topics and publishes forecasts. See ``connectors.broker.Broker``.

    Built on paho-mqtt, which lets a message be acknowledged later and says whether one comes again. The broker keeps
    the session of ``--client-id`` while the connector is away, and what it has not acknowledged.
    """

    name = "mqtt"
    summary = "MQTT topics, QoS 1: JSON or plain numbers in, forecasts and dead letters out."

    def __init__(self, server: str, topics: Sequence[str], client_id: str, *, output: str = "statecast/forecasts",
                 dead: str = "statecast/dead-letters", user: str | None = None, password: str | None = None,
                 journal: str | None = None) -> None:  # fmt: skip
        self._server, self._topics, self._client_id = urlsplit(server), tuple(topics), client_id
        if self._server.scheme not in ("mqtt", "mqtts") or not self._server.hostname:
            raise ConnectorError(f"server: expected mqtt://HOST:PORT or mqtts://HOST:PORT, got {server!r}")
        self._output, self._dead, self._user, self._password = output.rstrip("/"), dead, user, password
        self._journal = Journal(Path(journal or f"state/mqtt-{client_id}.db"))
        self._client: Client | None = None
        self._came: asyncio.Queue[MQTTMessage] = asyncio.Queue()
        self._away = asyncio.Event()

    @staticmethod
    def declare(options: Options) -> None:
        """See ``Broker``."""
        options.add("--server", "Address of the broker; mqtts:// for TLS.", default="mqtt://127.0.0.1:1883")
        options.add("--topics", "Topics to read between commas, + and # allowed.", kind=names, needed=True)
        options.add("--client-id", "Name of the broker's session; each process has its own and keeps it.",
                    default="statecast-connector")  # fmt: skip
        options.add("--output", "Topic of the forecasts, before the session's name.", default="statecast/forecasts")
        options.add("--dead-letters", "Topic of poison messages.", default="statecast/dead-letters")
        options.add("--user", "User name.")
        options.add("--password", "Password.")
        options.add(
            "--journal", "File with the identities of messages without time; left out, state/mqtt-CLIENT_ID.db."
        )

    @classmethod
    def of(cls, chosen: argparse.Namespace) -> Self:
        """See ``Broker``."""
        return cls(
            chosen.server, chosen.topics, chosen.client_id, output=chosen.output, dead=chosen.dead_letters,
            user=chosen.user, password=chosen.password, journal=chosen.journal,
        )  # fmt: skip

    async def open(self) -> None:
        """See ``Broker``."""
        loop = asyncio.get_running_loop()
        self._came, self._away = asyncio.Queue(), asyncio.Event()
        came, away, ready = self._came, self._away, loop.create_future()
        client = self._client = Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            clean_session=False,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if self._user is not None:
            client.username_pw_set(self._user, self._password)
        if self._server.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())

        def settle(failure: str | None) -> None:
            if not ready.done():
                ready.set_result(failure)

        def on_connect(_: Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
            loop.call_soon_threadsafe(settle, str(reason) if reason.is_failure else None)

        def on_disconnect(_: Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
            loop.call_soon_threadsafe(away.set)
            loop.call_soon_threadsafe(settle, str(reason))

        def on_message(_: Client, __: Any, message: MQTTMessage) -> None:
            loop.call_soon_threadsafe(came.put_nowait, message)

        client.on_connect, client.on_disconnect, client.on_message = on_connect, on_disconnect, on_message
        port = self._server.port or (8883 if self._server.scheme == "mqtts" else 1883)
        try:
            await asyncio.to_thread(client.connect, str(self._server.hostname), port)
        except OSError as error:
            raise BrokerLost(f"{self._server.hostname}:{port}: {error}") from error
        client.loop_start()
        try:
            async with asyncio.timeout(_ANSWER_S):
                failure = await ready
        except TimeoutError:
            failure = f"no answer in {_ANSWER_S:.0f} s"
        if failure is not None:
            raise BrokerLost(f"{self._server.hostname}:{port}: {failure}")
        client.subscribe([(topic, 1) for topic in self._topics])

    async def receive(self, most: int, wait_s: float) -> list[Delivery]:
        """See ``Broker``."""
        if self._came.empty():
            if self._away.is_set():
                raise BrokerLost("the connection has ended")
            try:
                async with asyncio.timeout(wait_s):
                    first = await self._came.get()
            except TimeoutError:
                return []
            messages = [first]
        else:
            messages = []
        while len(messages) < most and not self._came.empty():
            messages.append(self._came.get_nowait())
        return [delivery for message in messages if (delivery := self._delivery(message)) is not None]

    def _delivery(self, message: MQTTMessage) -> Delivery | None:
        if message.retain:  # what was last published before it subscribed, handed over at every start
            self._acknowledge(message)
            return None
        return Delivery(f"{message.topic}#{message.mid}", message.topic, bytes(message.payload), message)

    async def identify(self, deliveries: Sequence[Delivery]) -> list[str]:
        """See ``Broker``."""
        messages = [_token(delivery) for delivery in deliveries]
        sent = [Sent(message.mid, message.dup, message.topic, bytes(message.payload)) for message in messages]
        return await asyncio.to_thread(self._journal.identify, sent)

    async def publish(self, answers: Sequence[Answer]) -> None:
        """See ``Broker``."""
        await self._publish([(f"{self._output}/{one.observation.session}", one.document()) for one in answers])

    async def reject(self, letters: Sequence[DeadLetter]) -> None:
        """See ``Broker``. As JSON, because MQTT 3.1.1 has no headers; what is no text is in base64."""
        await self._publish([(self._dead, _letter(letter)) for letter in letters])

    async def _publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Returns when the broker has them."""
        assert self._client is not None
        sent = [self._client.publish(topic, payload, qos=1) for topic, payload in messages]
        await asyncio.to_thread(_wait_for, sent)
        if self._away.is_set():
            raise BrokerLost("the connection has ended")

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See ``Broker``."""
        for delivery in deliveries:
            self._acknowledge(_token(delivery))

    def _acknowledge(self, message: MQTTMessage) -> None:
        assert self._client is not None
        if message.qos and self._client.ack(message.mid, message.qos) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerLost("the connection has ended")

    async def lag(self) -> int | None:
        """See ``Broker``. A broker of MQTT does not say how many messages wait."""
        return None

    async def close(self) -> None:
        """See ``Broker``."""
        client, self._client = self._client, None
        self._journal.close()
        if client is not None:
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)


def _wait_for(sent: Sequence[MQTTMessageInfo]) -> None:
    for one in sent:
        try:
            one.wait_for_publish(_ANSWER_S)
        except (RuntimeError, ValueError) as error:
            raise BrokerLost(f"a forecast was not sent: {error}") from error
        if not one.is_published():
            raise BrokerLost(f"the broker did not acknowledge a forecast in {_ANSWER_S:.0f} s")


def _letter(letter: DeadLetter) -> bytes:
    message = _token(letter.delivery)
    try:
        payload = {"payload": message.payload.decode()}
    except UnicodeDecodeError:
        payload = {"payload_base64": base64.b64encode(message.payload).decode()}
    return json.dumps({"topic": message.topic, **payload, "code": letter.code, "detail": letter.detail}).encode()


def _token(delivery: Delivery) -> MQTTMessage:
    message = delivery.token
    assert isinstance(message, MQTTMessage)
    return message
