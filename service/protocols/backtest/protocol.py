"""The protocol ``backtest``: ``POST /backtest``."""

from collections.abc import Sequence

from service.protocols import series_examples
from service.protocols.backtest.routes import Backtest
from service.protocols.backtest.schemas import BACKTEST, BacktestReply, BacktestRequest
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint
from service.protocols.series_operation import series_operation

_OPERATION = series_operation(
    "backtest",
    "Cross-validate: forecasts and errors at many cut-offs of each series",
    "Cut-offs count back from the end, so that the last horizon is observed too. The state is carried once through "
    "each series and forecasts at each cut-off: the figures are those of one forecast per cut-off, at the cost of one "
    "pass. Nothing is kept, so series name no session. A series that fails carries its error, the others answer; if "
    "all fail, so does the request. A table as reply has a row per forecast step where forecasts are returned, else "
    "one per cut-off.",
    (BacktestRequest, BACKTEST.query),
    (BacktestReply, "Backtests, in the request's order.", "item_id, timestamp of the cut-off, a column per metric."),
    examples=series_examples.BACKTEST,
)


@PROTOCOLS.register("backtest")
class BacktestProtocol(ClientProtocol):
    """Cross-validation of whole series, from JSON, CSV or Arrow."""

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /backtest``."""
        failures = (400, 404, 413, 415, 422, 429, 503, 504)
        app = Backtest(self.container)
        return (Endpoint("/backtest", app, _OPERATION, failures, (BacktestRequest,), (BacktestReply,)),)
