"""What this protocol's requests came to, per model: the figures that its clients read."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from service.models.model import Model
from service.scheduling.forecast_result import ForecastResult
from service.serving.series_answer import SeriesAnswer

_MS = 1_000_000
"""Nanoseconds."""


@dataclass
class Duration:
    """How many requests took how long together, in nanoseconds."""

    count: int = 0
    ns: int = 0

    def add(self, ns: float) -> None:
        """Count one.

        Parameters
        ----------
        ns : float
            How long it took.
        """
        self.count += 1
        self.ns += max(0, round(ns))


@dataclass
class _Figures:
    last_inference: int = 0
    inference_count: int = 0
    execution_count: int = 0
    success: Duration = field(default_factory=Duration)
    fail: Duration = field(default_factory=Duration)
    queue: Duration = field(default_factory=Duration)
    compute_input: Duration = field(default_factory=Duration)
    compute_infer: Duration = field(default_factory=Duration)
    compute_output: Duration = field(default_factory=Duration)


class Statistics:
    """Figures of all models since the start. Lives on the event loop."""

    def __init__(self) -> None:
        self._figures: dict[str, _Figures] = {}
        self._batches: WeakSet[ForecastResult] = WeakSet()

    def succeeded(self, model: Model, answers: Sequence[SeriesAnswer], times: Sequence[float]) -> None:
        """Count a request that was answered.

        Parameters
        ----------
        model : Model
            What forecast.
        answers : sequence of SeriesAnswer
            One per row.
        times : sequence of float
            Of ``time.perf_counter()``: when its work began, its tensors were read, its forecasts were there, its reply
            was made.
        """
        figures = self._of(model)
        began, read, done, made = times
        figures.last_inference = int(time.time() * 1e3)
        figures.inference_count += len(answers)
        batches = {id(answer.result): answer.result for answer in answers}.values()
        figures.execution_count += sum(batch not in self._batches for batch in batches)
        for batch in batches:
            self._batches.add(batch)
        figures.success.add((made - began) * 1e9)
        figures.queue.add(max(answer.queue_ms for answer in answers) * _MS)
        figures.compute_input.add((read - began) * 1e9)
        figures.compute_infer.add(max(batch.compute_ms for batch in batches) * _MS)
        figures.compute_output.add((made - done) * 1e9)

    def failed(self, model: Model, seconds: float) -> None:
        """Count a request that failed.

        Parameters
        ----------
        model : Model
            What was to forecast.
        seconds : float
            Until then.
        """
        self._of(model).fail.add(seconds * 1e9)

    def of(self, model: Model) -> dict[str, Any]:
        """Give the figures of a model.

        Parameters
        ----------
        model : Model
            Any.

        Returns
        -------
        dict
            ``ModelStatistics`` of the protocol. There is no cache of answers, and its figures are 0.
        """
        figures = self._of(model)
        names = ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output")
        durations = {name: getattr(figures, name) for name in names} | {
            "cache_hit": Duration(),
            "cache_miss": Duration(),
        }
        return {
            "name": model.name,
            "version": model.version,
            "last_inference": figures.last_inference,
            "inference_count": figures.inference_count,
            "execution_count": figures.execution_count,
            "inference_stats": {name: {"count": one.count, "ns": one.ns} for name, one in durations.items()},
            "batch_stats": [],
        }

    def _of(self, model: Model) -> _Figures:
        return self._figures.setdefault(model.key, _Figures())
