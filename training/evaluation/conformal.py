"""Split-conformal calibration: what validation shows of a network's intervals and of how its errors are correlated."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from statecast import Forecaster, SeriesNetwork
from statecast.state.transforms import compress
from statecast.uncertainty.autocorrelation import estimate_autocorrelation
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.normal_scores import normal_scores
from training.data.encoding import PanelTensors
from training.evaluation.backtest import Part, carried_forecasts
from training.evaluation.baselines.naive import Task

_IN_SAMPLE_HORIZONS = 8  # of rows in sample that are looked back upon, at least


def calibrate(network: SeriesNetwork, tensors: PanelTensors, task: Task, every: int) -> int:
    """Set a network's conformal offsets and autocorrelation from its validation forecasts.

    Each segment's offsets are those at which the outermost levels would have held as often as they promise, beside what
    each series had found out for itself by then. Where validation spans few horizons they are drawn towards what rows
    in sample need: all series of a panel share its days, and one quiet or wild day says little of the next. Where it
    spans too few to choose by, it can show that intervals are too narrow, not that they are too wide: a stretch that
    stayed below the median would leave no space above it.

    Parameters
    ----------
    network : SeriesNetwork
        A trained network, whose ``calibration`` is changed in place.
    tensors : PanelTensors
        All rows of the panel, encoded for it.
    task : Task
        The panel, its borders, season and horizon.
    every : int
        Steps between validated origins.

    Returns
    -------
    int
        How many forecasts were looked at; 0 where validation has none, and offsets are those in sample.

    References
    ----------
    Romano, Y., Patterson, E. and Candes, E. (2019). Conformalized quantile regression. NeurIPS. (Here in log width.)
    """
    split, calibration = task.split, network.calibration
    every = split.stride(every, task.horizon)
    if network.config.adaptation and isinstance(network, Forecaster):
        _set_in_sample(network, tensors, task)
    in_sample = calibration.in_sample_offsets
    calibration.conformal_offsets.copy_(in_sample)
    part = Part(split.train, split.val)
    forecasts = [(raw, truth, age) for raw, _, truth, age in _centred(network, tensors, task, part, every)]
    if not forecasts:
        return 0
    horizons = float(np.median(split.val - split.train)) / task.horizon
    trust = horizons / (horizons + 1.0)
    promised = [1.0 - network.config.quantile_levels[0], network.config.quantile_levels[-1]]
    raw, truth, age = (torch.cat(parts) for parts in zip(*forecasts, strict=True))
    alone = _holding(calibration, calibration.needed(raw, truth) - calibration.widening(age, task.horizon), promised)
    least = torch.full_like(in_sample, -torch.inf) if split.can_choose(task.horizon) else in_sample
    calibration.conformal_offsets.copy_(torch.lerp(in_sample, alone, trust).maximum(least))
    if network.config.adaptation:
        again = _centred(network, tensors, task, part, every)
        left = _holding(
            calibration, torch.cat([calibration.needed(served, truth) for _, served, truth, _ in again]), promised
        )
        calibration.conformal_offsets.copy_(
            torch.lerp(in_sample, calibration.conformal_offsets + left, trust).maximum(least)
        )
    set_autocorrelation(calibration, raw, truth, age)
    return len(raw)


def set_autocorrelation(calibration: Calibration, raw: Tensor, truth: Tensor, age: Tensor) -> None:
    """Set the autocorrelation of errors to the mean of what forecasts show; it stays where none shows any.

    Parameters
    ----------
    calibration : Calibration
        A network's, changed in place.
    raw : Tensor
        Quantiles ``[N, F, Q]`` before calibration.
    truth : Tensor
        Values ``[N, F]`` in the same unit, NaN where unknown.
    age : Tensor
        Steps ``[N]`` that each series had read.
    """
    stretched = calibration.stretch(raw, raw.new_zeros(len(raw), *calibration.conformal_offsets.shape), age)
    found = estimate_autocorrelation(normal_scores(stretched, truth, calibration.levels))
    found = found[found[:, 0] > 0]
    if len(found):
        calibration.autocorrelation.copy_(found.mean(0))


def _set_in_sample(network: Forecaster, tensors: PanelTensors, task: Task) -> None:
    """Set until when rows count as in sample, and what offsets such rows need, from the last of them.

    Series may end at different times; the latest end of training counts for all, as a state knows no other border.
    """
    split, calibration = task.split, network.calibration
    span = np.maximum(split.val - split.train, _IN_SAMPLE_HORIZONS * task.horizon)
    begin = np.maximum(split.train - span, tensors.first.cpu().numpy() + network.config.lookback_length)
    part = Part(np.minimum(begin, split.train), split.train)
    needed = [
        calibration.needed(raw, truth) - calibration.widening(age, task.horizon)
        for raw, _, truth, age in _centred(network, tensors, task, part, network.hindcasts.stride)
    ]
    if needed:
        promised = (1.0 - calibration.aims[:, 0]).tolist()
        calibration.in_sample_offsets.copy_(_holding(calibration, torch.cat(needed), promised))
        calibration.in_sample_until.copy_((tensors.clock.cpu() + torch.from_numpy(split.train)).max())


def _centred(
    network: SeriesNetwork, tensors: PanelTensors, task: Task, part: Part, every: int
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Raw and served quantiles ``[N, F, Q]`` and the truth ``[N, F]``, less the median, in units of the raw width.

    And the ages ``[N]``, in steps read, at which they were forecast. On the network's device.
    """
    unit, middle, first = network.config.asinh_unit, network.calibration.middle, tensors.first.cpu()
    device = network.calibration.conformal_offsets.device
    for window in carried_forecasts(network, tensors, part, every):
        raw, served = (compress(torch.from_numpy(one), unit) for one in (window.raw, window.quantiles))
        truth = task.values(window.item)[window.origins[:, None] + 1 + np.arange(task.horizon)]
        width = (raw[..., -1] - raw[..., 0]).mean(1).clamp_min(1e-300)[:, None]
        centre = raw[..., middle]
        yield (
            ((raw - centre[..., None]) / width[..., None]).float().to(device),
            ((served - centre[..., None]) / width[..., None]).float().to(device),
            ((compress(torch.from_numpy(truth), unit) - centre) / width).float().to(device),
            (torch.from_numpy(window.origins) + 1 - first[window.item]).to(device),
        )


def _holding(calibration: Calibration, needed: Tensor, shares: Sequence[float]) -> Tensor:
    """Offsets ``[2, S]`` at which ``shares`` (below, above) of ``needed`` ``[N, 2, F]`` hold; 0 where none is known."""
    found = torch.zeros_like(calibration.conformal_offsets)
    for segment, columns in enumerate(needed.split(calibration.segment_length, dim=-1)):
        for side, share in enumerate(shares):
            known = columns[:, side][~columns[:, side].isnan()]
            if known.numel():
                found[side, segment] = float(np.quantile(known.cpu().numpy(), share))
    return found
