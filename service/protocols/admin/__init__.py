"""Health, models, sessions, metrics, the page and the documents."""

from service.protocols.admin.protocol import AdminProtocol

__all__ = ["AdminProtocol"]
