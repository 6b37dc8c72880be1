"""``/api/v1/write`` takes what Prometheus writes remotely, ``/metrics/forecasts`` gives it forecasts to scrape."""

from service.protocols.prometheus.protocol import PrometheusProtocol

__all__ = ["PrometheusProtocol"]
