"""``POST /forecast``."""

from service.protocols.forecast.protocol import ForecastProtocol

__all__ = ["ForecastProtocol"]
