"""Rolling-origin backtest with carried state: every series is read once, from its first row, and never reset."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from statecast import SeriesNetwork
from training.data.encoding import PanelTensors
from training.data.splits import origins
from training.evaluation.accuracy import Accuracy
from training.evaluation.baselines.naive import Baseline, Task
from training.evaluation.reader import Reader
from training.evaluation.scoring import Forecasts, new_accuracy, score_forecasts

Array = NDArray[np.float64]


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


@dataclass(frozen=True)
class Part:
    """Rows that are scored: forecasts fall into ``[begin, end)`` of every item."""

    begin: NDArray[np.int64]
    """First row ``[I]``."""
    end: NDArray[np.int64]
    """Row ``[I]`` after the last."""

    def origins(self, item: int, horizon: int, every: int = 1) -> NDArray[np.int64]:
        """List the origins of one item.

        Parameters
        ----------
        item : int
            Number of the item.
        horizon : int
            Steps ahead F.
        every : int
            Steps between origins.

        Returns
        -------
        array
            Rows ``[N]``, each the last that its forecast has read.
        """
        return origins(int(self.begin[item]), int(self.end[item]), horizon)[every - 1 :: every]


@torch.inference_mode()
def carried_forecasts(network: SeriesNetwork, tensors: PanelTensors, part: Part, every: int = 1) -> Iterator[Window]:
    """Forecast from the origins of a part, each from the state carried from the item's first row.

    Memory is bounded: what is yielded must be used before the next is requested.

    Parameters
    ----------
    network : SeriesNetwork
        The network, which is left in the mode that it came in.
    tensors : PanelTensors
        All rows, encoded for it.
    part : Part
        Rows that are forecast.
    every : int
        Steps between origins.

    Yields
    ------
    Window
        Forecasts of one item. An item may come several times, with later origins each time.
    """
    was_training = network.training
    network.eval()
    horizon = network.config.horizon
    reader = Reader(network, tensors)
    begins = torch.from_numpy(np.maximum(part.begin - 1, 0)).to(reader.device).maximum(reader.row)
    ends = torch.from_numpy(np.maximum(part.end - horizon, 0)).to(reader.device)
    tested = ends > begins
    begins = torch.where(tested, begins, reader.row)
    ends = torch.where(tested, begins + (ends - begins) // every * every, reader.row)
    reader.read(begins)
    for items, rows, prediction in reader.forecast(ends, every):
        count = rows.shape[1]
        quantiles = prediction.quantiles().unflatten(0, (-1, count)).cpu().numpy()
        mean = prediction.mean().unflatten(0, (-1, count)).cpu().numpy()
        raw = prediction.raw_quantiles().unflatten(0, (-1, count)).cpu().numpy()
        naive_forecasts, resolutions = (
            weights.unflatten(0, (-1, count)).mean(1).double().cpu().numpy()
            for weights in (prediction.naive_forecast_weights, prediction.resolution_weights)
        )
        for at, item in enumerate(items.tolist()):
            chosen = rows[at].cpu().numpy()
            yield Window(item, chosen, quantiles[at], mean[at], raw[at], naive_forecasts[at], resolutions[at])
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
    """Measure a network's accuracy on a part, with carried state.

    Parameters
    ----------
    network : SeriesNetwork
        The network.
    tensors : PanelTensors
        All rows, encoded for it.
    task : Task
        The panel, its borders, season and horizon.
    part : Part
        Rows that are forecast.
    every : int
        Steps between origins.
    names : sequence of str, optional
        Metrics that are wanted; left out, all.

    Returns
    -------
    Accuracy
        Over all items and origins.
    """
    levels = network.config.quantile_levels
    median = levels.index(0.5)
    forecasts = (
        Forecasts(window.item, window.origins, window.mean, window.quantiles[..., median], window.quantiles)
        for window in carried_forecasts(network, tensors, part, every)
    )
    return score_forecasts(new_accuracy(task, levels, names), task, forecasts)


def score_baseline(baseline: Baseline, task: Task, part: Part, every: int = 1) -> Accuracy:
    """Measure a baseline's accuracy on a part, from the same origins as ``score_network``.

    Parameters
    ----------
    baseline : Baseline
        A fitted one.
    task : Task
        The panel, its borders, season and horizon.
    part : Part
        Rows that are forecast.
    every : int
        Steps between origins.

    Returns
    -------
    Accuracy
        Over all items and origins, of the metrics that need no quantiles.
    """
    return score_forecasts(new_accuracy(task), task, _baseline_forecasts(baseline, task, part, every))


def _baseline_forecasts(baseline: Baseline, task: Task, part: Part, every: int) -> Iterator[Forecasts]:
    for index, item in enumerate(task.panel.items):
        rows = part.origins(index, task.horizon, every)
        rows = rows[rows >= item.first]
        for begin in range(0, rows.size, 4096):
            chosen = rows[begin : begin + 4096]
            forecast = baseline.forecast(index, chosen)
            yield Forecasts(index, chosen, forecast, forecast)
