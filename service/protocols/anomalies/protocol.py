"""The protocol ``anomalies``: ``POST /anomalies``."""

from collections.abc import Sequence

from service.protocols import series_examples
from service.protocols.anomalies.routes import Anomalies
from service.protocols.anomalies.schemas import ANOMALIES, AnomaliesReply, AnomaliesRequest
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint
from service.protocols.series_operation import series_operation

_OPERATION = series_operation(
    "anomalies",
    "How surprising each value of a history is",
    "Each value is compared with the forecast made one step before it; the state is carried once through each series. "
    "The surprise is the probability with which the value was forecast to be at most as large, so that values near 0 "
    "and near 1 are outliers; flag says whether the value lies outside of the interval of the level. Both are null "
    "while a series is too young: up to one value past its first season, and while it has never changed. Nothing is "
    "kept, so series name no session. A series that fails carries its error, the others answer; if all fail, so does "
    "the request.",
    (AnomaliesRequest, ANOMALIES.query),
    (
        AnomaliesReply,
        "One value each per value of a series.",
        "item_id, timestamp, target, expected, lower, upper, surprise and flag.",
    ),
    examples=series_examples.ANOMALIES,
)


@PROTOCOLS.register("anomalies")
class AnomaliesProtocol(ClientProtocol):
    """Outliers of whole series, from JSON, CSV or Arrow."""

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /anomalies``."""
        failures = (400, 404, 413, 415, 422, 429, 503, 504)
        app = Anomalies(self.container)
        return (Endpoint("/anomalies", app, _OPERATION, failures, (AnomaliesRequest,), (AnomaliesReply,)),)
