"""How wide a family's intervals have to be, and how its errors hang together, found on kinds of series held apart.

A family misses more on kinds that it never learned than on those it did, and the more the shorter it knows a series.
So the stretch at which its intervals would have held is a line in half-lives over age: its foot are the margins, its
slope is the youth. Made-up series tell nothing about sides, so both sides of the median get the same.
"""

import numpy as np
import torch
from torch import Tensor

from statecast.calibration import Calibration, autocorrelation
from statecast.forecaster import Forecaster
from training.pretraining.run import Pretraining
from training.synthetic.batches import SEASONS, Batches, SyntheticBatch

_DRAWS, _ROWS, _FORKS = 4, 96, 24  # batches of each season, series of each, forecasts of each
_AGES = 8  # groups of forecasts by age, equally many in each, through which the line is drawn


@torch.no_grad()
def calibrate(pretraining: Pretraining) -> None:
    """Set margins, youth and autocorrelation of each patch length; the same for the same seed."""
    generator = np.random.default_rng([pretraining.config.seed, 2])
    batches = Batches(pretraining.config.values, _FORKS)
    found: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for entry in SEASONS:
        member = pretraining.family.of(entry.season)
        for _ in range(_DRAWS):
            batch = batches.judged(entry, member.config, _ROWS, generator)
            raw, truth, ages = _look_back(pretraining, batch, batch.forks, member)
            needs = member.calibration.lives(ages), member.calibration.needed(raw, truth)
            found.setdefault(str(member.config.patch_length), []).append(needs)
    for length, parts in found.items():
        lives, needed = (torch.cat(each).cpu() for each in zip(*parts, strict=True))
        _draw_lines(_of(pretraining, length), lives, needed)
    correlations: dict[str, list[Tensor]] = {}
    for batch in pretraining.judged:
        member = pretraining.family.of(batch.season)
        raw, truth, ages = _look_back(pretraining, batch, batch.forks[-1:], member)
        own = raw.new_zeros((len(raw), *member.calibration.margins.shape))
        served = member.calibration.stretch(raw, own, ages)
        scores = member.calibration.normal_scores(served, truth)
        correlations.setdefault(str(member.config.patch_length), []).append(autocorrelation(scores))
    for length, each in correlations.items():
        known = torch.cat(each)
        known = known[known[:, 0] > 0]
        if len(known):
            _of(pretraining, length).autocorrelation.copy_(known.mean(0))


def _of(pretraining: Pretraining, length: str) -> Calibration:
    calibration = pretraining.family.calibrations[length]
    assert isinstance(calibration, Calibration)
    return calibration


def _look_back(
    pretraining: Pretraining, kept: SyntheticBatch, forks: Tensor, member: Forecaster
) -> tuple[Tensor, Tensor, Tensor]:
    """Raw quantiles ``[M, F, Q]``, what came ``[M, F]`` in their units, and the ages ``[M]`` they were forecast at."""
    batch = kept.to(next(pretraining.family.parameters()).device)
    prediction = pretraining.forecast(batch, forks.to(batch.forks.device))
    places = torch.searchsorted(kept.forks, forks)
    truth = batch.truth[:, places].flatten(0, 1).double()
    scaled = (truth - prediction.loc[:, None]) / prediction.scale.clamp_min(1e-12)[:, None]
    # Of a series that has not moved yet, or not been seen, nothing can be said in its own unit.
    scaled = torch.where(prediction.scale[:, None] > 0, scaled, torch.nan)
    ages = ((forks + 1) * member.config.patch_length).to(truth.device).repeat(len(batch.target))
    return prediction.raw, scaled.float(), ages


def _draw_lines(calibration: Calibration, lives: Tensor, needed: Tensor) -> None:
    """Margins and youth of each segment. ``lives``: ``[M]``, ``needed``: ``[M, 2, F]``, NaN unknown."""
    groups = np.array_split(np.argsort(lives.numpy(), kind="stable"), _AGES)
    ages = [float(lives[group].mean()) for group in groups]
    promised = calibration.levels[-1]
    for segment, columns in enumerate(needed.split(calibration.segment_length, dim=-1)):
        holding = [float(np.nanquantile(columns[group].numpy(), promised)) for group in groups]
        slope, foot = np.polyfit(ages, holding, 1)
        calibration.margins[:, segment] = float(foot)
        calibration.youth[segment] = max(float(slope), 0.0)
