"""What forecasts, texts and paths share: the sessions with their store, and the engine with its thread."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.engine import (
    ROW_STEPS,
    ForecastRunner,
    HistoryRunner,
    ModelPool,
    Recovery,
    ScenarioRunner,
    StepRunner,
    StoredStates,
    TextRunner,
    device_of,
    sequence_runners,
)
from service.errors import Loading, ServiceError
from service.metrics import Metrics
from service.models.catalog import Catalog
from service.models.kinds import FORECASTING
from service.models.model import Model
from service.resident.residents import Residents
from service.scheduling.bounds import Bounds
from service.scheduling.bridge import Bridge
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.scenario_queue import ScenarioQueue, ScenarioTask
from service.scheduling.work_loop import PieceQueue
from service.sequences.queue import SequenceQueue
from service.sequences.task import Outcome, SequenceTask
from service.sessions.registry import SessionRegistry
from service.sessions.regular_series import Limits
from service.settings import Settings
from service.stores.interface import Store
from service.stores.registry import open_store
from service.text.request import TextTask, Update
from service.text.scheduler import TextScheduler


@dataclass
class Runtime:
    """What forecasts, texts and paths share, once per app; ``start`` before the first request, ``stop`` after the last.

    Parameters
    ----------
    catalogue : Catalog
        The models.
    settings : Settings
        How to run.
    metrics : Metrics
        What is counted.
    store : Store
        Where sessions live.

    Attributes
    ----------
    sessions : SessionRegistry
        All sessions.
    engine : ForecastRunner
        What forecasts, on the engine's thread.
    steps : StepRunner
        What runs streamed observations there.
    histories : HistoryRunner
        What runs whole series without a session there.
    states : StoredStates
        What reads states of sessions there.
    residents : Residents
        Sessions that are streamed.
    bridge : Bridge
        The way to that thread.
    text_schedulers : dict
        Of each model that writes text, by its digest.
    scenarios : ScenarioQueue
        Paths that are drawn.
    sequences : SequenceQueue
        Inputs that are classified or written down.
    inputs : CapacityLimiter
        What bounds these.
    limiters : tuple of CapacityLimiter
        What bounds texts, paths and inputs.
    """

    catalogue: Catalog
    settings: Settings
    metrics: Metrics
    store: Store
    sessions: SessionRegistry = field(init=False)
    engine: ForecastRunner = field(init=False)
    steps: StepRunner = field(init=False)
    histories: HistoryRunner = field(init=False)
    states: StoredStates = field(init=False)
    residents: Residents = field(init=False)
    bridge: Bridge = field(init=False)
    text_schedulers: dict[str, TextScheduler] = field(init=False)
    scenarios: ScenarioQueue = field(init=False)
    sequences: SequenceQueue = field(init=False)
    inputs: CapacityLimiter = field(init=False)

    @classmethod
    def of(cls, catalogue: Catalog, settings: Settings, metrics: Metrics, store: Store | None = None) -> "Runtime":
        """Build one.

        Parameters
        ----------
        catalogue : Catalog
            The models.
        settings : Settings
            How to run.
        metrics : Metrics
            What is counted.
        store : Store, optional
            Instead of the one that the settings name.

        Returns
        -------
        Runtime
            Not started yet.

        Raises
        ------
        StoreError
            If the store that the settings name cannot be opened.
        """
        return cls(catalogue, settings, metrics, open_store(settings.state_url) if store is None else store)

    def __post_init__(self) -> None:
        settings, metrics = self.settings, self.metrics
        slots = settings.resident_sessions
        artifacts = {model.digest: model.artifact for model in self.catalogue.models}
        series = {digest: artifact for digest, artifact in artifacts.items() if artifact.kind in FORECASTING}
        networks = ModelPool(
            series, slots, compiled=settings.compiled == "auto", threads=settings.threads, keeps=self._keeps
        )
        self.networks = networks
        self.steps = StepRunner(networks, self.store, metrics)
        self.histories = HistoryRunner(networks, metrics)
        self.residents = Residents(self.steps.row_bytes, slots, settings.metric_names)
        self.sessions = SessionRegistry(
            self.store, slots, settings.session_ttl_s, metrics.sessions_evicted.inc, resident=self.residents
        )
        self.states = StoredStates(networks.of, self.store)
        self.engine = ForecastRunner(
            networks, self.store, metrics, threads=settings.threads or 1, stored=self.states.read,
            waiting=self.residents.waiting_state,
        )  # fmt: skip
        rows = CapacityLimiter(settings.generation_rows, "texts")
        values = CapacityLimiter(4 * settings.max_path_values, "values of paths")
        self.inputs = CapacityLimiter(settings.queue_rows, "inputs")
        self.limiters = (rows, values, self.inputs)
        self._texts = {
            digest: TextRunner(artifact, self.store)
            for digest, artifact in artifacts.items()
            if artifact.kind == "generator"
        }
        self._sequences = {
            name: runner
            for artifact in artifacts.values()
            for name, runner in sequence_runners(artifact, self.store).items()
        }
        self.text_schedulers = {
            digest: TextScheduler(texts, rows, self._deliver, metrics.tokens.inc)
            for digest, texts in self._texts.items()
        }
        self.scenarios = ScenarioQueue(ScenarioRunner(device_of(settings.device)), values, self._hand_over)
        self.sequences = SequenceQueue(self._sequences, self.store, settings.batch_rows, self._deliver)
        bounds = Bounds(settings.batch_rows, ROW_STEPS, settings.queue_rows)
        others: list[PieceQueue] = [*self.text_schedulers.values(), self.scenarios, self.sequences]
        self.bridge = Bridge(bounds, self.engine.run, metrics, others)
        metrics.sessions_resident.set_function(lambda: self.sessions.resident)
        metrics.generation_rows.set_function(lambda: rows.taken)
        metrics.path_values.set_function(lambda: values.taken)

    async def start(self) -> None:
        """Start the engine's thread and wait until every model is warm."""
        await self.bridge.start(self._warm_up)

    async def stop(self, drain_s: float) -> None:
        """Refuse new work, finish what there is, fail the rest, close the store.

        Parameters
        ----------
        drain_s : float
            Seconds to wait at most for what is at work.
        """
        await self.bridge.stop(drain_s, self.limiters)
        self.store.close()

    def require(self) -> None:
        """Refuse requests until the engine is warm.

        Raises
        ------
        Loading
            If it is not.
        """
        if not self.bridge.started:
            raise Loading("the models are still loading; try again in a few seconds")

    def limits(self, model: Model) -> Limits:
        """Give what bounds a series.

        Parameters
        ----------
        model : Model
            What will forecast it.

        Returns
        -------
        Limits
            In steps.
        """
        config, settings = model.config, self.settings
        bounds = config.lookback_length, settings.max_gap, settings.max_history
        mixed = config.mixed_frequency_names, config.coarse_history_length
        return Limits(*bounds, *mixed, model.takes_deviations)

    def any_length(self, model: Model) -> bool:
        """Whether a model's histories are read in pieces of any length, see ``Job``.

        Parameters
        ----------
        model : Model
            What will forecast.
        """
        return not model.regression and self.networks.reads_any_length(model.digest)

    def _keeps(self, key: str) -> bool:
        return self.residents.holds(key)

    def _warm_up(self) -> None:
        self.engine.warm_up()
        if self.store.journaled:
            names = {model.digest: str(model) for model in self.catalogue.models}
            recovery = Recovery(self.networks, self.store, names, self.settings.session_ttl_s)
            self.residents.sequence, absent = recovery.run()
            for session in absent:
                self.residents.absent.add(session)
        for texts in self._texts.values():
            texts.warm_up()
        for inputs in self._sequences.values():
            inputs.warm_up()

    def _deliver(self, updates: Sequence[tuple[TextTask, Update]] | Sequence[tuple[SequenceTask, Outcome]]) -> None:
        self.bridge.call_on_loop(_receive, updates)

    def _hand_over(self, task: ScenarioTask, outcome: NDArray[np.float64] | ServiceError) -> None:
        self.bridge.call_on_loop(task.receive, outcome)


def _receive(updates: Sequence[tuple[Any, Any]]) -> None:
    for task, update in updates:
        task.receive(update)
