"""The protocol ``forecast``: ``POST /forecast``."""

from collections.abc import Sequence
from typing import Any

from service.http.body import ARROW, CSV, JSON
from service.protocols.container import Container
from service.protocols.forecast.routes import Forecast
from service.protocols.forecast.schemas import ForecastReply, ForecastRequest
from service.protocols.openapi import reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_TABLE = {
    "type": "string",
    "description": "Long table: item_id, timestamp, target, resolution, session and covariate columns.",
}
_REPLY_TABLE = {"type": "string", "description": "Long table: item_id, timestamp, mean and one column per quantile."}
_QUERY: dict[str, tuple[dict[str, Any], str]] = {
    "model": ({"type": "string"}, "name, name@version or name@sha256:…"),
    "horizon": ({"type": "integer", "minimum": 1}, "Steps ahead."),
    "quantile_levels": ({"type": "string", "examples": ["0.1,0.5,0.9"]}, "Levels, separated by commas."),
    "missing": ({"type": "string", "enum": ["mask", "ffill", "linear", "error"]}, "What to do about missing values."),
    "include": ({"type": "string", "examples": ["baseline"]}, "baseline, attention, separated by commas."),
    "timeout_ms": ({"type": "integer", "minimum": 1}, "Milliseconds after which the work is dropped."),
    "freq": ({"type": "string", "examples": ["1h"]}, "Distance between two values, for series that do not name one."),
    "season": ({"type": "integer", "minimum": 1}, "Steps per season, for series of a family that do not name one."),
    "timezone": ({"type": "string", "examples": ["Europe/Berlin"]}, "Zone whose days, weeks and months count."),
    "timestamp_unit": ({"type": "string", "enum": ["s", "ms"]}, "Unit of whole-number times since 1970."),
    "dayfirst": ({"type": "boolean"}, "Whether 01.02.2021 is the 1st of February."),
    "session": ({"type": "string"}, "Session of the one series."),
}
_OPERATION: dict[str, Any] = {
    "tags": ["forecast"],
    "summary": "Forecast one or many series",
    "description": (
        "Opens or advances a session where a series names one. A series that fails carries its error, the others "
        "answer; if all fail, so does the request. Tables take their parameters from the query string; beside JSON, "
        "the query fills what the body leaves out. In tables, times without an offset are UTC, and rows at the end "
        "of an item with a missing target and known covariates are the horizon. Rows that name a resolution, such "
        "as 1d, hold the value of its bucket that begins at their timestamp."
    ),
    "operationId": "forecast",
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": text}
        for name, (schema, text) in _QUERY.items()
    ],
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": reference("ForecastRequest")},
            ARROW: {"schema": _TABLE | {"format": "binary"}},
            CSV: {"schema": _TABLE},
        },
    },
    "responses": {
        "200": {
            "description": "Forecasts, in the request's order.",
            "content": {
                JSON: {"schema": reference("ForecastReply")},
                ARROW: {"schema": _REPLY_TABLE | {"format": "binary"}},
                CSV: {"schema": _REPLY_TABLE},
            },
        }
    },
}
_FAILURES = (400, 404, 409, 410, 413, 415, 422, 429, 503, 504)


@PROTOCOLS.register("forecast")
class ForecastProtocol(ClientProtocol):
    """Forecasts of series, from JSON, CSV or Arrow."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._forecast = Forecast(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /forecast``."""
        return (Endpoint("/forecast", self._forecast, _OPERATION, _FAILURES, (ForecastRequest,), (ForecastReply,)),)
