"""Rolling-origin backtest with carried state: every series is read once, from its first row, and never reset."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast import Observations, Prediction, SeriesNetwork
from statecast.metrics.mase import seasonal_error
from statecast.state.state import State
from training.data.encoding import PanelTensors
from training.data.mixed_frequency import read_coarse_history
from training.data.splits import origins, standards
from training.evaluation.accuracy import Accuracy
from training.evaluation.baselines.naive import Baseline, Task, fill_forward

Array = NDArray[np.float64]
_CHUNK = 1024  # longest run of steps at once
_STEPS = 16_384  # rows times steps at once while reading
_VALUES = 4_000_000  # float32 values of quantiles or of raw rings at once while forecasting
_SCORED = 1024  # forecasts scored at once


class Window(NamedTuple):
    """Forecasts of one item from N origins, F steps ahead, in the target's unit."""

    item: int
    """Number of the item."""
    origins: NDArray[np.int64]
    """Last row ``[N]`` that each forecast has read."""
    quantiles: Array
    """Quantiles ``[N, F, Q]``."""
    mean: Array
    """Mean ``[N, F]``."""
    raw: Array
    """Quantiles ``[N, F, Q]`` before calibration."""
    naive_forecasts: Array
    """Attention ``[S, E]`` over the naive forecasts in each horizon segment, mean of the origins."""
    resolutions: Array
    """Attention ``[S, R]`` over the resolutions, likewise."""


class Forecasts(NamedTuple):
    """Forecasts of one item to be scored: ``mean``, ``median`` ``[N, F]`` and, if any, ``quantiles`` ``[N, F, Q]``."""

    item: int
    origins: NDArray[np.int64]
    mean: Array
    median: Array
    quantiles: Array | None = None


@dataclass(frozen=True)
class Part:
    """Rows that are scored: forecasts fall into ``[begin, end)`` of every item."""

    begin: NDArray[np.int64]
    """First row ``[I]``."""
    end: NDArray[np.int64]
    """Row ``[I]`` after the last."""

    def origins(self, item: int, horizon: int, every: int = 1) -> NDArray[np.int64]:
        """Every ``every``-th origin of one item."""
        return origins(int(self.begin[item]), int(self.end[item]), horizon)[every - 1 :: every]


class Reader:
    """Carries the states of all items of a panel forward together, whatever their lengths, without any padding."""

    def __init__(self, network: SeriesNetwork, tensors: PanelTensors) -> None:
        self.device = next(network.parameters()).device
        self.network, self.tensors = network, tensors.to(self.device)
        self.row = self.tensors.first.clone()
        self.state = network.fresh(self.tensors.clock + self.row - 1, self.tensors.static)

    def read(self, until: Tensor) -> None:
        """Prime every item up to, not with, row ``until`` ``[I]``; items that are already there stay."""
        for index, length in self._runs(until, _STEPS):
            observations, _ = self._observe(index, length)
            self._keep(index, length, self.network.prime(observations, self.state.take(index)))

    def forecast(self, until: Tensor, every: int = 1) -> Iterator[tuple[Tensor, Tensor, Prediction]]:
        """Go on to row ``until`` ``[I]``, giving ``(items, origins, forecasts)`` after every ``every``-th step.

        Origins are ``[b, n]``; the forecasts are those of ``items[0]``'s n origins, then ``items[1]``'s.
        """
        config = self.network.config
        width = max(config.horizon * len(config.quantile_levels), config.lookback_length)
        limit = max(_VALUES * min(every, config.patch_length) // width, every)
        for index, length in self._runs(until, limit, unit=every):
            observations, rows = self._observe(index, length)
            last = rows[:, every - 1 :: every]
            future = self._future(index, last)
            prediction, state = self.network(observations, self.state.take(index), future, every)
            self._keep(index, length, state)
            yield index, last, prediction

    def _runs(self, until: Tensor, limit: int, unit: int = 1) -> Iterator[tuple[Tensor, int]]:
        """Groups of items that can all take the same number of steps: the largest powers of two first."""
        length = _CHUNK * unit
        while length >= unit:
            index = torch.nonzero(until - self.row >= length).flatten()
            if not len(index) or (length > unit and length > limit):
                length //= 2
                continue
            for part in index.split(max(limit // length, 1)):
                yield part, length

    def _observe(self, index: Tensor, length: int) -> tuple[Observations, Tensor]:
        rows = self.row[index][:, None] + torch.arange(length, device=self.device)
        tensors, flat = self.tensors, self.tensors.offset[index][:, None] + rows
        columns = (tensors.target[flat], tensors.past[flat], tensors.known[flat], tensors.mixed_frequency[flat])
        return Observations(*columns, self._coarse_history(index)), rows

    def _coarse_history(self, index: Tensor) -> Tensor:
        """Values of coarse resolutions from before those items of which nothing was read yet."""
        tensors = self.tensors
        history = torch.full(
            (len(index), len(tensors.coarse), tensors.coarse_history_length), torch.nan, device=self.device
        )
        new = torch.nonzero(self.row[index] <= tensors.first[index]).flatten()
        before = tensors.clock[index[new]] + self.row[index[new]] - 1
        history[new] = read_coarse_history(tensors.coarse, index[new], before, tensors.coarse_history_length)
        return history

    def _future(self, index: Tensor, last: Tensor) -> Tensor:
        ahead = last[..., None] + 1 + torch.arange(self.network.config.horizon, device=self.device)
        beyond = ahead >= self.tensors.length[index][:, None, None]
        flat = (self.tensors.offset[index][:, None, None] + ahead).clamp(max=len(self.tensors.known) - 1)
        return self.tensors.known[flat].masked_fill(beyond[..., None], 0.0)

    def _keep(self, index: Tensor, length: int, state: State) -> None:
        self.row[index] += length
        self.state = state if len(index) == len(self.row) else self.state.put(index, state)


@torch.inference_mode()
def carried_forecasts(network: SeriesNetwork, tensors: PanelTensors, part: Part, every: int = 1) -> Iterator[Window]:
    """Forecasts from every ``every``-th origin of a part, each from the state carried from the item's first row.

    Memory is bounded: what is given must be used before the next is asked for.
    """
    was_training = network.training
    network.eval()
    horizon = network.config.horizon
    reader = Reader(network, tensors)
    begins = torch.from_numpy(np.maximum(part.begin - 1, 0)).to(reader.device).maximum(reader.row)
    ends = torch.from_numpy(np.maximum(part.end - horizon, 0)).to(reader.device)
    judged = ends > begins
    begins = torch.where(judged, begins, reader.row)
    ends = torch.where(judged, begins + (ends - begins) // every * every, reader.row)
    reader.read(begins)
    for items, rows, prediction in reader.forecast(ends, every):
        count = rows.shape[1]
        quantiles = prediction.quantiles().unflatten(0, (-1, count)).cpu().numpy()
        mean = prediction.mean().unflatten(0, (-1, count)).cpu().numpy()
        raw = prediction.raw_quantiles().unflatten(0, (-1, count)).cpu().numpy()
        experts, resolutions = (
            weights.unflatten(0, (-1, count)).mean(1).double().cpu().numpy()
            for weights in (prediction.naive_forecast_weights, prediction.resolution_weights)
        )
        for at, item in enumerate(items.tolist()):
            chosen = rows[at].cpu().numpy()
            yield Window(item, chosen, quantiles[at], mean[at], raw[at], experts[at], resolutions[at])
    network.train(was_training)


def score_network(
    network: SeriesNetwork,
    tensors: PanelTensors,
    task: Task,
    part: Part,
    every: int = 1,
    *,
    names: Sequence[str] | None = None,
) -> Accuracy:
    """Accuracy of a network on a part, with carried state: all metrics, or those of these names."""
    levels = network.config.quantile_levels
    median = levels.index(0.5)
    forecasts = (
        Forecasts(window.item, window.origins, window.mean, window.quantiles[..., median], window.quantiles)
        for window in carried_forecasts(network, tensors, part, every)
    )
    return _score(new_accuracy(task, levels, names), task, forecasts)


def score_baseline(baseline: Baseline, task: Task, part: Part, every: int = 1) -> Accuracy:
    """Accuracy of a fitted baseline on a part, from the same origins as ``score_network``."""
    return _score(new_accuracy(task), task, _baseline_forecasts(baseline, task, part, every))


def new_accuracy(task: Task, levels: Sequence[float] = (), names: Sequence[str] | None = None) -> Accuracy:
    """Accuracy of nothing yet, in the units of the task's training rows."""
    _, units = standards(task.panel, task.split)
    errors = [
        seasonal_error(task.values(index)[item.first : border], task.season)
        for index, (item, border) in enumerate(zip(task.panel.items, task.split.val.tolist(), strict=True))
    ]
    return Accuracy(units, np.asarray(errors), task.horizon, levels, names)


def _baseline_forecasts(baseline: Baseline, task: Task, part: Part, every: int) -> Iterator[Forecasts]:
    for index, item in enumerate(task.panel.items):
        rows = part.origins(index, task.horizon, every)
        rows = rows[rows >= item.first]
        for begin in range(0, rows.size, 4096):
            chosen = rows[begin : begin + 4096]
            forecast = baseline.forecast(index, chosen)
            yield Forecasts(index, chosen, forecast, forecast)


def _score(accuracy: Accuracy, task: Task, forecasts: Iterator[Forecasts]) -> Accuracy:
    """Compare forecasts with what came, those of many items at once."""
    ahead = 1 + np.arange(task.horizon)
    for group in _groups(forecasts):
        values = [task.values(one.item) for one in group]
        quantiles = [one.quantiles for one in group if one.quantiles is not None]
        accuracy.add(
            np.concatenate([np.full(one.origins.size, one.item) for one in group]),
            np.concatenate([own[one.origins[:, None] + ahead] for own, one in zip(values, group, strict=True)]),
            np.concatenate([one.mean for one in group]),
            median=np.concatenate([one.median for one in group]),
            last=np.concatenate([fill_forward(own)[one.origins] for own, one in zip(values, group, strict=True)]),
            quantiles=np.concatenate(quantiles) if quantiles else None,
        )
    return accuracy


def _groups(forecasts: Iterator[Forecasts]) -> Iterator[list[Forecasts]]:
    """Forecasts of several items together: arrays of one row each would cost more time than their arithmetic."""
    group: list[Forecasts] = []
    rows = 0
    for one in forecasts:
        group.append(one)
        rows += one.origins.size
        if rows >= _SCORED:
            yield group
            group, rows = [], 0
    if group:
        yield group
