"""``POST /anomalies``, as a plain ASGI endpoint."""

from collections.abc import Sequence

from service.backtests.collected import Surprises
from service.backtests.prepared import PreparedSeries
from service.backtests.service import BacktestService, Cuts
from service.models.model import Model
from service.protocols.anomalies.encoder import AnomaliesEncoder
from service.protocols.anomalies.schemas import ANOMALIES, AnomaliesRequest
from service.protocols.backtest.endpoint import Outcomes, PassRequest, SeriesEndpoint

EVERY_VALUE = Cuts(None, 1, 1)
"""Each value but the first is forecast from those before it."""


class Anomalies(SeriesEndpoint[AnomaliesRequest]):
    """The endpoint."""

    shape = ANOMALIES

    @staticmethod
    def timeout_ms(body: AnomaliesRequest) -> int | None:
        """See ``SeriesEndpoint.timeout_ms``."""
        return body.timeout_ms

    async def run(self, request: PassRequest[AnomaliesRequest], model: Model, backtests: BacktestService) -> Outcomes:
        """Forecast each value from those before it; see ``SeriesEndpoint.run``."""
        body = request.body
        inputs = await self.validate(request, model, 0)

        def collect(series: Sequence[PreparedSeries]) -> Surprises:
            return Surprises(series, body.level)

        outcomes = await backtests.run(model, inputs, EVERY_VALUE, collect, request.deadline)
        return AnomaliesEncoder(model, body.series, request.request_id, body.level), outcomes
