"""Brokers by name."""

from connectors.broker import Broker
from statecast.registry import ClassRegistry

brokers: ClassRegistry[Broker] = ClassRegistry("broker", "connectors.brokers", "statecast.brokers")
