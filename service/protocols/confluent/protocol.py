"""The protocol ``confluent``: the paths of a model server of Confluent Platform for Flink, as far as they are public.

Public documents name the two paths and that a forecast is the next values with a range for each; the form of the body
is in none of them. Until it is, ``/v1/forecast`` takes and gives what ``/forecast`` does, and says so where it is sent
anything else.

References
----------
https://hub.docker.com/r/confluentinc/cp-flink-models, "Set Up AI Functions in Confluent Manager for Apache Flink"
"""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from service.protocols import series_examples
from service.protocols.admin.health import ready
from service.protocols.container import Container
from service.protocols.forecast.routes import Forecast
from service.protocols.forecast.schemas import FORECAST, ForecastReply, ForecastRequest
from service.protocols.openapi import IF_MATCH, failures
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint
from service.protocols.series_operation import series_operation
from service.serving.admission import Admission

router = APIRouter(tags=["confluent"])
_OPERATION = series_operation(
    "forecast",
    "Forecast, where AI_FORECAST looks for a model server",
    "The same as POST /forecast. The body that AI_FORECAST sends is not in public documents.",
    (ForecastRequest, FORECAST.query),
    (ForecastReply, "Forecasts, in the request's order.", "item_id, timestamp, mean and one column per quantile."),
    headers=(IF_MATCH,),
    examples=series_examples.FORECAST,
) | {"tags": ["confluent"], "operationId": "confluent_forecast"}


@router.get("/readyz", response_class=Response, responses=failures(503))
async def readyz(request: Request) -> Response:
    """Whether forecasts can be requested: 200 without a body once the models are warm.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    """
    await ready(request)
    return Response()


@PROTOCOLS.register("confluent")
class ConfluentProtocol(ClientProtocol):
    """A model server for ``AI_FORECAST`` and ``AI_DETECT_ANOMALIES``."""

    open_paths = frozenset(("/readyz",))

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._forecast = Forecast(container, Admission(container.settings))

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /v1/forecast``."""
        statuses = (400, 404, 409, 410, 412, 413, 415, 422, 429, 503, 504)
        return (Endpoint("/v1/forecast", self._forecast, _OPERATION, statuses, (ForecastRequest,), (ForecastReply,)),)

    def routers(self) -> Sequence[APIRouter]:
        """Give ``/readyz``."""
        return (router,)
