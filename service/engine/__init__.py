"""The one place where tensors are: forecasts, texts and paths, all on one thread of their own."""

from service.engine.forecast_runner import ROW_STEPS, ForecastRunner
from service.engine.history import History
from service.engine.history_runner import HistoryRunner
from service.engine.model_pool import ModelPool
from service.engine.partial_forecast import not_forecastable
from service.engine.scenario_runner import ScenarioRunner
from service.engine.sequences.kinds import sequence_runners
from service.engine.state_cache import device_of
from service.engine.steps.recovery import Recovery
from service.engine.steps.step_batch import StepBatch
from service.engine.steps.step_runner import StepRunner
from service.engine.steps.stored_states import ModelAbsent, StoredStates
from service.engine.text_runner import TextRunner

__all__ = [
    "ROW_STEPS",
    "ForecastRunner",
    "History",
    "HistoryRunner",
    "ModelAbsent",
    "ModelPool",
    "Recovery",
    "ScenarioRunner",
    "StepBatch",
    "StepRunner",
    "StoredStates",
    "TextRunner",
    "device_of",
    "not_forecastable",
    "sequence_runners",
]
