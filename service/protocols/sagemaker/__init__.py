"""``/invocations``: the contract of a SageMaker container, and of its runtime endpoints as ``boto3`` calls them."""

from service.protocols.sagemaker.protocol import SagemakerProtocol

__all__ = ["SagemakerProtocol"]
