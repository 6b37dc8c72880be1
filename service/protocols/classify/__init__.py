"""``POST /classify``: texts and series to classes."""

from service.protocols.classify.protocol import ClassifyProtocol

__all__ = ["ClassifyProtocol"]
