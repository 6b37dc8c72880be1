"""``POST /transcribe``: recordings to text."""

from service.protocols.transcribe.protocol import TranscribeProtocol

__all__ = ["TranscribeProtocol"]
