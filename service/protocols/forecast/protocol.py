"""The protocol ``forecast``: ``POST /forecast``."""

from collections.abc import Mapping, Sequence

from service.http.direct_request import DirectEndpoint
from service.protocols import series_examples
from service.protocols.container import Container
from service.protocols.forecast.histories.endpoint import HistoryForecast
from service.protocols.forecast.placing import place_series
from service.protocols.forecast.routes import Forecast
from service.protocols.forecast.schemas import FORECAST, ForecastReply, ForecastRequest
from service.protocols.forecast.streamed.endpoint import StreamedForecast
from service.protocols.openapi import IF_MATCH
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint
from service.protocols.series_operation import series_operation
from service.serving.admission import Admission

_OPERATION = series_operation(
    "forecast",
    "Forecast one or many series",
    "Opens or advances a session where a series names one. A series that fails carries its error, the others "
    "answer; if all fail, so does the request. Tables take their parameters from the query string; beside JSON, "
    "the query fills what the body leaves out. In tables, times without an offset are UTC, and rows at the end "
    "of an item with a missing target lie ahead: their covariates are known. Rows that name a resolution, such "
    "as 1d, hold the value of its bucket that begins at their timestamp.",
    (ForecastRequest, FORECAST.query),
    (ForecastReply, "Forecasts, in the request's order.", "item_id, timestamp, mean and one column per quantile."),
    headers=(IF_MATCH,),
    examples=series_examples.FORECAST,
)
_FAILURES = (400, 404, 409, 410, 412, 413, 415, 422, 429, 503, 504)


@PROTOCOLS.register("forecast")
class ForecastProtocol(ClientProtocol):
    """Forecasts of series, from JSON, CSV or Arrow."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        admission = Admission(container.settings)
        self._forecast = Forecast(container, admission)
        self._streamed = StreamedForecast(container, admission, HistoryForecast(container, place_series))

    def direct(self) -> Mapping[str, DirectEndpoint]:
        """Give the short way of ``POST /forecast``."""
        return {"/forecast": self._streamed}

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /forecast``."""
        return (Endpoint("/forecast", self._forecast, _OPERATION, _FAILURES, (ForecastRequest,), (ForecastReply,)),)
