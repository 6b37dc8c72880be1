"""``/readyz`` and ``/v1/forecast``: where Confluent Platform's ``AI_FORECAST`` looks for a model server."""

from service.protocols.confluent.protocol import ConfluentProtocol

__all__ = ["ConfluentProtocol"]
