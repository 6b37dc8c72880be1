"""``/jobs``: long work on a whole file, behind all requests."""

from service.protocols.jobs.protocol import JobsProtocol

__all__ = ["JobsProtocol"]
