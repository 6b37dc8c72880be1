"""``POST /backtest``, as a plain ASGI endpoint."""

from collections.abc import Sequence

from service.backtests.collected import Forecasts
from service.backtests.prepared import PreparedSeries
from service.backtests.scores import find_metrics
from service.backtests.service import BacktestService, Cuts
from service.errors import TooLarge
from service.models.model import Model
from service.models.work_limits import horizon_of, levels_of
from service.protocols.backtest.encoder import BacktestEncoder
from service.protocols.backtest.endpoint import Outcomes, PassRequest, SeriesEndpoint
from service.protocols.backtest.schemas import BACKTEST, BacktestRequest


class Backtest(SeriesEndpoint[BacktestRequest]):
    """The endpoint."""

    shape = BACKTEST

    @staticmethod
    def timeout_ms(body: BacktestRequest) -> int | None:
        """See ``SeriesEndpoint.timeout_ms``."""
        return body.timeout_ms

    async def run(self, request: PassRequest[BacktestRequest], model: Model, backtests: BacktestService) -> Outcomes:
        """Forecast at every cut-off and measure; see ``SeriesEndpoint.run``."""
        body = request.body
        horizon = horizon_of(body.horizon, model)
        cuts = Cuts(body.cutoffs, body.step or horizon, horizon)
        levels = tuple(levels_of(body.quantile_levels or None, model.config, self.settings))
        wanted = find_metrics(body.metrics)
        self._check_work(body, cuts, len(levels))
        inputs = await self.validate(request, model, horizon + (body.cutoffs - 1) * cuts.step)

        def collect(series: Sequence[PreparedSeries]) -> Forecasts:
            return Forecasts(series, levels)

        outcomes = await backtests.run(model, inputs, cuts, collect, request.deadline)
        named = model, body.series, request.request_id
        return BacktestEncoder(*named, body.returns, horizon, cuts.step, levels, wanted), outcomes

    def _check_work(self, body: BacktestRequest, cuts: Cuts, levels: int) -> None:
        """Refuse what would hold too many numbers, before anything is computed."""
        rows = sum([len(series.target) or 1 for series in body.series])
        values, most = rows * body.cutoffs * cuts.horizon * (levels + 1), self.settings.max_reply_values
        if values > most:
            raise TooLarge(
                f"cutoffs: expected series times cutoffs times horizon times quantile levels of at most {most} "
                f"(STATECAST_MAX_REPLY_VALUES), got {rows} times {body.cutoffs} times {cuts.horizon} times "
                f"{levels + 1}; request fewer"
            )
