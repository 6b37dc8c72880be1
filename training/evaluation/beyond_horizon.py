"""Forecasts past a network's own horizon, compared with what came, and how fast their intervals have to grow."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast import SeriesNetwork
from statecast.models.roll_out import direct_quantiles
from statecast.state.state import State
from statecast.uncertainty.spread import Spread
from training.data.encoding import PanelTensors
from training.evaluation.baselines.naive import Task
from training.evaluation.reader import Reader

HORIZONS = 3
"""Horizons ahead that are looked at."""
_ROWS = 256  # forecasts that are rolled on together
_MOST = 256  # forecasts by which the growth is chosen
_GROWTHS = np.linspace(0.0, 1.0, 41)


class RolledForecasts(NamedTuple):
    """Forecasts of N origins, H steps ahead, in the target's unit."""

    items: NDArray[np.int64]
    """Number ``[N]`` of each one's item."""
    origins: NDArray[np.int64]
    """Last row ``[N]`` that each forecast has read."""
    quantiles: Tensor
    """Quantiles ``[N, H, Q]``."""
    mean: Tensor
    """Mean ``[N, H]``."""

    def truth(self, task: Task, end: NDArray[np.int64]) -> Tensor:
        """Return what came.

        Parameters
        ----------
        task : Task
            The panel that was forecast.
        end : array
            Row ``[I]`` of each item from which on nothing counts.

        Returns
        -------
        Tensor
            Values ``[N, H]`` float64, NaN where missing or not to be known.
        """
        found = np.full(self.mean.shape, np.nan)
        for place, (item, origin) in enumerate(zip(self.items.tolist(), self.origins.tolist(), strict=True)):
            values = task.panel.items[item].target[origin + 1 : min(origin + 1 + found.shape[1], int(end[item]))]
            found[place, : len(values)] = values
        return torch.from_numpy(found)


@torch.inference_mode()
def rolled_forecasts(
    network: SeriesNetwork, tensors: PanelTensors, origins: Sequence[NDArray[np.int64]], steps: int
) -> Iterator[RolledForecasts]:
    """Forecast any number of steps ahead from some rows of each item, each from the state carried from its first row.

    Parameters
    ----------
    network : SeriesNetwork
        The network, which is left in the mode that it came in.
    tensors : PanelTensors
        All rows, encoded for it.
    origins : sequence of array
        Of each item the rows, rising, that are the last a forecast has read.
    steps : int
        Steps ahead, H.

    Yields
    ------
    RolledForecasts
        Some of the forecasts.
    """
    was_training = network.training
    network.eval()
    reader = Reader(network, tensors)
    most = max((len(rows) for rows in origins), default=0)
    waiting: list[tuple[NDArray[np.int64], NDArray[np.int64], Tensor, Tensor]] = []
    for number in range(most):
        items = np.flatnonzero([len(rows) > number for rows in origins])
        last = np.asarray([origins[item][number] for item in items.tolist()], dtype=np.int64)
        until, index = reader.row.clone(), torch.from_numpy(items).to(reader.device)
        until[index] = torch.from_numpy(last + 1).to(reader.device)
        reader.read(until)
        known = reader.known_ahead(index, until[index] - 1, steps)
        waiting.append((items, last, reader.state.take(index).rows, known))
        if number == most - 1 or sum(len(one[0]) for one in waiting) >= _ROWS:
            state = State(network.spec, torch.cat([rows for _, _, rows, _ in waiting]))
            quantiles, mean = direct_quantiles(network, state, torch.cat([known for *_, known in waiting]))
            level = reader.level[torch.from_numpy(np.concatenate([items for items, *_ in waiting])).to(reader.device)]
            quantiles, mean = quantiles + level[:, None, None], mean + level[:, None]
            named = [np.concatenate([one[place] for one in waiting]) for place in (0, 1)]
            yield RolledForecasts(named[0], named[1], quantiles.cpu(), mean.cpu())
            waiting = []
    network.train(was_training)


def calibrate_growth(network: SeriesNetwork, tensors: PanelTensors, task: Task) -> int:
    """Set how fast a network's intervals grow past its horizon: as fast as validation's would have had to.

    The less of validation lies past one horizon, the closer it stays to what it is.

    Parameters
    ----------
    network : SeriesNetwork
        A calibrated network, whose ``calibration.spread_growth`` is changed in place.
    tensors : PanelTensors
        All rows of the panel, encoded for it.
    task : Task
        The panel, its borders, season and horizon.

    Returns
    -------
    int
        How many values were looked at.
    """
    split, horizon = task.split, network.config.horizon
    first = np.maximum(split.train - 1, tensors.first.cpu().numpy())
    spans = split.val - 1 - horizon - max(horizon // 4, 1) - first
    stride = max(horizon // 4, int(spans.clip(0).sum()) // _MOST, 1)
    origins = [np.arange(begin, begin + max(span, 0), stride) for begin, span in zip(first, spans, strict=True)]
    held, count = np.zeros(len(_GROWTHS)), 0
    levels, middle = network.config.quantile_levels, network.calibration.middle
    for rolled in rolled_forecasts(network, tensors, origins, HORIZONS * horizon):
        near, far = rolled.quantiles[:, :horizon], rolled.quantiles[:, horizon:, middle, None]
        away = rolled.truth(task, split.val)[:, horizon:, None] - far
        begin = torch.full((len(near),), horizon)
        for place, growth in enumerate(_GROWTHS):
            spread = Spread.of(near, rolled.mean[:, :horizon], middle, task.season, torch.tensor(growth))
            deviations, _ = spread.ahead(begin, away.shape[1])
            inside = (away >= deviations[..., :1]) & (away <= deviations[..., -1:])
            held[place] += int(inside.sum())
        count += int((~away.isnan()).sum())
    if count:
        found = float(np.interp(levels[-1] - levels[0], np.maximum.accumulate(held / count), _GROWTHS))
        horizons = max(float(np.median(split.val - split.train)) / horizon - 1.0, 0.0)
        trust = horizons / (horizons + 1.0)
        network.calibration.spread_growth.mul_(1.0 - trust).add_(trust * found)
    return count
