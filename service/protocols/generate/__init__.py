"""``POST /generate``: scenario paths and text."""

from service.protocols.generate.protocol import GenerateProtocol

__all__ = ["GenerateProtocol"]
