"""The Open Inference Protocol v2, as Triton and KServe speak it: ``/v2`` over HTTP, and gRPC."""

from service.protocols.open_inference.protocol import OpenInferenceProtocol

__all__ = ["OpenInferenceProtocol"]
