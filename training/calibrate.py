"""Split-conformal calibration: what validation says of a network's intervals and of how its errors hang together."""

import numpy as np
import torch

from statecast import SeriesNetwork
from statecast.calibration import autocorrelation
from statecast.transforms import compress
from training.baselines import Task
from training.encoding import PanelTensors
from training.evaluate import Part, carried_forecasts


def calibrate(network: SeriesNetwork, tensors: PanelTensors, task: Task, every: int) -> int:
    """Set a network's margins and autocorrelation from its validation forecasts; gives how many there were.

    Each segment's margins are those at which the outermost levels would have held as often as they promise (Romano et
    al. 2019, in log width), drawn towards none where validation spans few horizons: all series of a panel share its
    days, and one quiet or wild day says little of the next.
    """
    split, calibration = task.split, network.calibration
    part = Part(split.train, split.val)
    levels, length = network.config.quantile_levels, network.config.segment_length
    raws, truths = [], []
    for window in carried_forecasts(network, tensors, part, every):
        values = task.values(window.item)
        raw = compress(torch.from_numpy(window.raw), network.config.asinh_unit)
        truth = torch.from_numpy(values[window.origins[:, None] + 1 + np.arange(task.horizon)])
        truth = compress(truth, network.config.asinh_unit)
        unit = (raw[..., -1] - raw[..., 0]).mean(1).clamp_min(1e-300)[:, None]
        middle = raw[..., calibration.middle]
        raws.append(((raw - middle[..., None]) / unit[..., None]).float())
        truths.append(((truth - middle) / unit).float())
    if not raws:
        return 0
    raw, truth = torch.cat(raws), torch.cat(truths)
    needed = calibration.needed(raw, truth)
    horizons = float(np.median(split.val - split.train)) / task.horizon
    trust = horizons / (horizons + 1.0)
    for segment, columns in enumerate(needed.split(length, dim=-1)):
        for side, level in enumerate((1.0 - levels[0], levels[-1])):
            known = columns[:, side][~columns[:, side].isnan()]
            if known.numel():
                calibration.margins[side, segment] = trust * float(np.quantile(known.numpy(), level))
    stretched = calibration.stretch(raw, torch.zeros(len(raw), *calibration.margins.shape))
    found = autocorrelation(calibration.normal_scores(stretched, truth))
    found = found[found[:, 0] > 0]
    if len(found):
        calibration.autocorrelation.copy_(found.mean(0))
    return len(raw)
