"""``POST /backtest``: cross-validation of whole series in one pass."""

from service.protocols.backtest.protocol import BacktestProtocol

__all__ = ["BacktestProtocol"]
