"""CloudEvents 1.0: requests of every protocol in an event's headers or around their bodies."""

from service.protocols.cloud_events.protocol import CloudEventsProtocol

__all__ = ["CloudEventsProtocol"]
