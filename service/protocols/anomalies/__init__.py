"""``POST /anomalies``: how surprising each value of a history is, in one pass."""

from service.protocols.anomalies.protocol import AnomaliesProtocol

__all__ = ["AnomaliesProtocol"]
