"""``/v1``: completions and models in the shape of the OpenAI API."""

from service.protocols.openai.protocol import OpenaiProtocol

__all__ = ["OpenaiProtocol"]
