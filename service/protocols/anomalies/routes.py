"""``POST /anomalies``, as a plain ASGI endpoint."""

from collections.abc import Sequence

from service.backtests.collected import Surprises
from service.backtests.prepared import PreparedSeries
from service.backtests.service import BacktestService, Cuts
from service.errors import ServiceError
from service.http.problems import all_failed
from service.models.model import Model
from service.protocols.anomalies.encoder import AnomaliesEncoder
from service.protocols.anomalies.schemas import ANOMALIES, AnomaliesRequest
from service.protocols.backtest.endpoint import Encoded, PassRequest, SeriesEndpoint
from service.threads import DECODING

EVERY_VALUE = Cuts(None, 1, 1)
"""Each value but the first is forecast from those before it."""


class Anomalies(SeriesEndpoint[AnomaliesRequest]):
    """The endpoint."""

    shape = ANOMALIES

    @staticmethod
    def timeout_ms(body: AnomaliesRequest) -> int | None:
        """See ``SeriesEndpoint``."""
        return body.timeout_ms

    async def answer(self, request: PassRequest[AnomaliesRequest], model: Model, backtests: BacktestService) -> Encoded:
        """Forecast each value from those before it; see ``SeriesEndpoint``."""
        body, trained = request.body, model.config.quantile_levels
        inputs = await self.validate(request, model, 0)

        def collect(series: Sequence[PreparedSeries]) -> Surprises:
            return Surprises(series, trained, body.level)

        outcomes = await backtests.run(model, inputs, EVERY_VALUE, collect, request.deadline)
        failures = [one for one in outcomes if isinstance(one, ServiceError)]
        if len(failures) == len(outcomes):
            raise all_failed(failures)
        request.deadline.check()
        encoder = AnomaliesEncoder(body, model, request.request_id)
        return await DECODING.run(encoder.encode, outcomes, request.kind)
