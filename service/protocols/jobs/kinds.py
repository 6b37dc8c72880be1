"""What a job can do with its series: some of them at a time, by the code that answers requests about them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple

from service.backtests.scores import figures_of, find_metrics
from service.backtests.service import BacktestService
from service.codecs.table_writer import TableRows
from service.errors import ServiceError
from service.models.model import Model
from service.models.work_limits import horizon_of, levels_of
from service.protocols.anomalies.routes import Anomalies
from service.protocols.anomalies.schemas import ANOMALIES, AnomaliesRequest
from service.protocols.backtest.encoder import BacktestEncoder
from service.protocols.backtest.endpoint import PassRequest
from service.protocols.backtest.routes import Backtest
from service.protocols.backtest.schemas import BACKTEST, BacktestRequest
from service.protocols.container import Container
from service.protocols.forecast.encoder import ForecastEncoder
from service.protocols.forecast.schemas import FORECAST, ForecastRequest, R
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.validation import validate
from service.protocols.request_shape import RequestShape
from service.sessions.series_input import SeriesInput
from service.threads import JOBS


class Answers(NamedTuple):
    """What came of some series.

    Parameters
    ----------
    outcomes : sequence of object
        One per series, a ``ServiceError`` where it failed.
    rows : TableRows
        Of the result.
    warned : list of dict
        See ``collect_warnings``.
    note : dict
        What the summary of the whole is made of.
    """

    outcomes: Sequence[object]
    rows: TableRows
    warned: list[dict[str, Any]]
    note: dict[str, Any]


class JobKind(ABC, Generic[R]):
    """One kind of job.

    Parameters
    ----------
    container : Container
        What handlers share; its services are there.
    backtests : BacktestService
        Reads series behind all requests.
    """

    shape: RequestShape[R]

    def __init__(self, container: Container, backtests: BacktestService) -> None:
        self.container, self.settings, self.backtests = container, container.settings, backtests

    @abstractmethod
    def check(self, wanted: Any, model: Model) -> None:
        """Refuse what no series could be answered for.

        Parameters
        ----------
        wanted : SeriesBody or TableParameters
            What is requested.
        model : Model
            What forecasts.

        Raises
        ------
        ServiceError
            It names the field.
        """

    @abstractmethod
    def numbers(self, body: R, series: SeriesRequest, model: Model) -> int:
        """Give how many numbers the result holds of a series, about.

        Parameters
        ----------
        body : SeriesBody
            What is requested.
        series : SeriesRequest
            One of its series.
        model : Model
            What forecasts.
        """

    @abstractmethod
    async def run(self, request: PassRequest[R], model: Model) -> Answers:
        """Do the work for some series; each fails alone.

        Parameters
        ----------
        request : PassRequest
            With these series.
        model : Model
            What forecasts.
        """

    def summary(self, body: R, notes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: ARG002 (of most, nothing)
        """Say what is to be said of the whole result.

        Parameters
        ----------
        body : SeriesBody
            What is requested.
        notes : sequence of mapping
            Of each part.
        """
        return {}


class ForecastJob(JobKind[ForecastRequest]):
    """A forecast of each series."""

    shape = FORECAST

    def check(self, wanted: Any, model: Model) -> None:
        """See ``JobKind``."""
        horizon_of(wanted.horizon, model)
        levels_of(wanted.quantile_levels, model.config, self.settings)

    def numbers(self, body: ForecastRequest, series: SeriesRequest, model: Model) -> int:
        """See ``JobKind``."""
        levels = len(body.quantile_levels or model.config.quantile_levels)
        return len(series.target) * (body.horizon or model.horizon) * (1 + levels)

    async def run(self, request: PassRequest[ForecastRequest], model: Model) -> Answers:
        """See ``JobKind``."""
        body = request.body
        horizon = horizon_of(body.horizon, model)
        levels = tuple(levels_of(body.quantile_levels, model.config, self.settings))
        for series in body.series:
            if series.session is not None:
                series.fault("expected none, because a job keeps nothing, got one; leave it out", "session")
        inputs = await JOBS.run(validate, body, model, self.settings, horizon, request.owner, request.deadline)
        forecasts = self.container.loaded().forecasts
        valid = [one for one in inputs if isinstance(one, SeriesInput)]
        found = iter(await forecasts.forecast_many(model, valid, forecasts.runtime.bridge.background))
        answers = [next(found) if isinstance(one, SeriesInput) else one for one in inputs]
        encoder = ForecastEncoder(body, model, horizon, levels, request.request_id)
        rows, warned = await JOBS.run(encoder.table, answers)
        return Answers(answers, rows, warned, {})


class BacktestJob(JobKind[BacktestRequest]):
    """A backtest of each series."""

    shape = BACKTEST

    def check(self, wanted: Any, model: Model) -> None:
        """See ``JobKind``."""
        horizon_of(wanted.horizon, model)
        levels_of(wanted.quantile_levels or None, model.config, self.settings)
        find_metrics(wanted.metrics)

    def numbers(self, body: BacktestRequest, series: SeriesRequest, model: Model) -> int:
        """See ``JobKind``."""
        levels = len(body.quantile_levels or model.config.quantile_levels)
        return len(series.target) * body.cutoffs * (body.horizon or model.horizon) * (1 + levels)

    async def run(self, request: PassRequest[BacktestRequest], model: Model) -> Answers:
        """See ``JobKind``."""
        encoder, outcomes = await Backtest(self.container).run(request, model, self.backtests)
        rows, warned = await JOBS.run(encoder.table, outcomes)
        assert isinstance(encoder, BacktestEncoder)
        states = [encoder.states(one) for one in outcomes if not isinstance(one, ServiceError)]
        return Answers(outcomes, rows, warned, {"states": states})

    def summary(self, body: BacktestRequest, notes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Give the metrics over all series; see ``JobKind``."""
        states = [one for note in notes for one in note["states"]]
        return {"metrics": figures_of(states, find_metrics(body.metrics))} if "metrics" in body.returns else {}


class AnomaliesJob(JobKind[AnomaliesRequest]):
    """How surprising each value of each series is."""

    shape = ANOMALIES

    def check(self, wanted: Any, model: Model) -> None:
        """See ``JobKind``."""

    def numbers(self, body: AnomaliesRequest, series: SeriesRequest, model: Model) -> int:  # noqa: ARG002
        """See ``JobKind``."""
        return 5 * sum(map(len, series.target.values()))

    async def run(self, request: PassRequest[AnomaliesRequest], model: Model) -> Answers:
        """See ``JobKind``."""
        encoder, outcomes = await Anomalies(self.container).run(request, model, self.backtests)
        rows, warned = await JOBS.run(encoder.table, outcomes)
        return Answers(outcomes, rows, warned, {})


KINDS: dict[str, type[JobKind[Any]]] = {"forecast": ForecastJob, "backtest": BacktestJob, "anomalies": AnomaliesJob}
"""By name."""
