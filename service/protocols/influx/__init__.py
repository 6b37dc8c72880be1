"""``/api/v2/write`` and ``/write``: the line protocol of InfluxDB, one session per measurement, tag set and field."""

from service.protocols.influx.protocol import InfluxProtocol

__all__ = ["InfluxProtocol"]
