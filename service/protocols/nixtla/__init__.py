"""What nixtla's SDK 0.9 speaks: its forecasts, cross-validation, anomalies, simulations and jobs, from our models."""

from service.protocols.nixtla.protocol import NixtlaProtocol

__all__ = ["NixtlaProtocol"]
