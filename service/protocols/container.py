"""What the handlers of all protocols share: one object per app, found in ``app.state.container``."""

import gc
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request

from service.backtests.service import BacktestService
from service.errors import Loading, QueueFull, ServiceError
from service.histories.lane import HistoryLane
from service.http.auth import ApiKeys
from service.http.problems import all_failed
from service.jobs.service import JobService
from service.jobs.work import Reader
from service.metrics import Metrics
from service.models.catalog import Catalog, holds_artifact
from service.models.fitted_models import FittedModels
from service.receipts import RequestKey
from service.serving.forecasts import ForecastService
from service.serving.scenarios import ScenarioService
from service.serving.sequences import SequenceService
from service.serving.sessions.session_service import SessionService
from service.serving.text import TextService
from service.settings import Settings
from service.stores.interface import Store, StoreError
from service.streaming.lane import StreamingLane

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """What the loaded models can do.

    Parameters
    ----------
    catalogue : Catalog
        The models.
    forecasts : ForecastService
        Forecasts of series, and their sessions.
    sessions : SessionService
        Sessions as a whole, of every kind.
    texts : TextService
        Text.
    scenarios : ScenarioService
        Scenario paths of series.
    sequences : SequenceService
        What is said of a whole input: its class.
    lane : StreamingLane
        Streamed observations.
    histories : HistoryLane
        Whole series without a session.
    backtests : BacktestService
        Forecasts at many cut-offs of whole series.
    fitted : FittedModels
        Models that jobs fitted.
    """

    catalogue: Catalog
    forecasts: ForecastService
    sessions: SessionService
    texts: TextService
    scenarios: ScenarioService
    sequences: SequenceService
    lane: StreamingLane
    histories: HistoryLane
    backtests: BacktestService
    fitted: FittedModels


@dataclass
class Container:
    """Settings, metrics, keys and services of one app.

    Parameters
    ----------
    settings : Settings
        How the service runs.
    metrics : Metrics
        Of this app alone.
    keys : ApiKeys or None
        None where no key is required.
    services : Services or None
        None where there is no artifact.
    unready : str or None
        Why no request is served yet; None once the models are warm.
    jobs : JobService or None
        Long work on whole files; None where nothing speaks of jobs.
    job_readers : dict of str to Reader
        What reads the files of jobs of further kinds, by kind.
    """

    settings: Settings
    metrics: Metrics
    keys: ApiKeys | None
    services: Services | None = None
    unready: str | None = "the models are still loading; try again in a few seconds"
    jobs: JobService | None = None
    job_readers: dict[str, Reader] = field(default_factory=dict)

    @classmethod
    def build(cls, settings: Settings) -> "Container":
        """Read keys, load and verify artifacts, open the store.

        Parameters
        ----------
        settings : Settings
            How to run.

        Returns
        -------
        Container
            Its models are not warm yet, see ``start``.

        Raises
        ------
        ArtifactError, StoreError, ValueError
            If the default artifact is broken, the store cannot be opened, or the keys cannot be read.
        """
        keys = None if settings.api_keys_file is None else ApiKeys.read(settings.api_keys_file)
        container = cls(settings, Metrics(), keys)
        if holds_artifact(settings.artifacts):
            catalogue = Catalog.load(settings.artifacts, settings.default_model, settings.device)
            forecasts = ForecastService(catalogue, settings, container.metrics)
            runtime = forecasts.runtime
            container.services = Services(
                catalogue, forecasts, SessionService(runtime), TextService(runtime), ScenarioService(runtime),
                SequenceService(runtime), StreamingLane(runtime), HistoryLane(runtime), BacktestService(runtime),
                FittedModels(
                    settings.artifacts, catalogue, runtime.networks.add, settings.device, settings.max_fitted_models
                ),
            )  # fmt: skip
        return container

    async def start(self) -> None:
        """Warm the models, beside the running server; a failure is logged, and no request is served then."""
        if self.services is None:
            return
        try:
            self.services.lane.start()
            self.services.histories.start()
            await self.services.forecasts.start()
        except StoreError as error:
            _log.error("the engine could not start: %s", error)
            self.unready = f"sessions: {error}"
        except Exception:
            _log.exception("the engine could not start")
            self.unready = "the engine could not start; the server's log says why"
        else:
            # What is loaded by now stays for ever. Left in the collector's sight, each full collection walks all of it
            # and stops every thread for a tenth of a second, about once a second under load.
            gc.collect()
            gc.freeze()
            self.unready = None
            if self.jobs is not None:
                self.jobs.start()

    async def stop(self) -> None:
        """Refuse new work, finish what there is within the settings' ``drain_s``, close the store."""
        if self.services is not None:
            until = time.monotonic() + self.settings.drain_s
            if self.jobs is not None:
                await self.jobs.stop()
            await self.services.backtests.stop(until)
            await self.services.histories.stop(until)
            await self.services.lane.stop(until)
            await self.services.forecasts.stop(max(0.0, until - time.monotonic()))

    def check_answers(self, answers: Sequence[object], what: str = "series", key: RequestKey | None = None) -> None:
        """Fail a request of which no part could be answered; count the parts of another that failed.

        Parameters
        ----------
        answers : sequence
            One per part, a ``ServiceError`` where it failed.
        what : str
            The list of the body that the parts stand in.
        key : RequestKey or None
            Of the request; its answer is not kept where parts failed that may do better if they are sent again.

        Raises
        ------
        ServiceError
            If all failed, see ``all_failed``.
        """
        failures = [answer for answer in answers if isinstance(answer, ServiceError)]
        if len(failures) == len(answers):
            raise all_failed(failures, what)
        for failure in failures:
            self.metrics.rejected.labels(failure.code).inc()
            if key is not None and failure.status >= QueueFull.status:
                key.final = False

    def store(self) -> Store | None:
        """Give the store of the sessions, None where there is no artifact."""
        return None if self.services is None else self.services.forecasts.store

    @property
    def no_artifact(self) -> str:
        """What to do where there is nothing to serve."""
        return (
            f"artifacts: found no manifest.json under {self.settings.artifacts}; train a model with python -m training "
            "fit, or set STATECAST_ARTIFACTS to a folder of artifacts, then start again"
        )

    def loaded(self) -> Services:
        """Give the services, warm or not.

        Returns
        -------
        Services
            Of the loaded models.

        Raises
        ------
        Loading
            If there is no artifact.
        """
        if self.services is None:
            raise Loading(self.no_artifact, code="no_model")
        return self.services

    def ready(self) -> Services:
        """Give the services once the models are warm.

        Returns
        -------
        Services
            Of the loaded models.

        Raises
        ------
        Loading
            If they are not, or there is no artifact.
        """
        services = self.loaded()
        if self.unready is not None:
            raise Loading(self.unready)
        return services


def container_of(request: Request) -> Container:
    """Find what serves this request.

    Parameters
    ----------
    request : Request
        Its app holds the container.

    Returns
    -------
    Container
        The app's only one.
    """
    container: Container = request.app.state.container
    return container
