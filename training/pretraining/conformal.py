"""How wide a family's intervals have to be, and how its errors depend on each other, found on held-out kinds of series.

A family misses more on kinds that it never learned than on those it did, and the more the shorter a series is that it
has read. So the stretch with which its intervals would have held is a straight line in half-lives over age: its
intercept gives the conformal offsets, its slope the cold-start widening. Synthetic series say nothing about which side
errors fall on, so both sides of the median get the same: in width, and then in how far their tails reach.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from statecast.uncertainty.calibration import Calibration
from training.evaluation.conformal import set_autocorrelation
from training.evaluation.tails import holding_base, needed_bases
from training.pretraining.objective import FamilyPretraining
from training.synthetic.batches import SEASONS, Batches, SyntheticBatch

_DRAWS, _ROWS, _FORKS = 4, 96, 24  # batches of each season, series of each, forecasts of each
_AGES = 8  # groups of forecasts by age, equally many in each, through which the line is drawn


@torch.no_grad()
def calibrate(objective: FamilyPretraining) -> None:
    """Set conformal offsets, cold-start widening, tails and autocorrelation of errors per patch length, in place.

    The series are drawn from the config's seed: the same weights get the same calibration.

    Parameters
    ----------
    objective : FamilyPretraining
        The pretrained family with its config and validation batches.
    """
    family, generator = objective.family, np.random.default_rng([objective.config.seed, 2])
    batches = Batches(objective.config.values, _FORKS)
    drawn = (
        batches.judged(entry, family.of(entry.season).config, _ROWS, generator)
        for entry in SEASONS
        for _ in range(_DRAWS)
    )
    for length, (raw, truth, lives) in _look_back(objective, drawn).items():
        calibration = family.calibration(length)
        draw_lines(calibration, lives.cpu(), calibration.needed(raw, truth).cpu())
        set_tails(calibration, raw, truth, calibration.half_life / lives)
    last = (batch._replace(forks=batch.forks[-1:], truth=batch.truth[:, -1:]) for batch in objective.validation_batches)
    for length, (raw, truth, lives) in _look_back(objective, last).items():
        calibration = family.calibration(length)
        set_autocorrelation(calibration, raw, truth, calibration.half_life / lives)


def _look_back(
    objective: FamilyPretraining, batches: Iterable[SyntheticBatch]
) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """By patch length: raw quantiles ``[M, F, Q]``, truth ``[M, F]`` in their units, and half-lives over age ``[M]``.

    Seasons of one patch length have half-lives of their own.
    """
    found: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {}
    for kept in batches:
        batch = kept.to(next(objective.family.parameters()).device)
        prediction = objective.forecast(batch, batch.forks)
        truth = batch.truth.flatten(0, 1).double()
        scaled = (truth - prediction.loc[:, None]) / prediction.scale.clamp_min(1e-12)[:, None]
        # A series that has not moved yet, or has no value yet, has no unit of its own.
        scaled = torch.where(prediction.scale[:, None] > 0, scaled, torch.nan)
        member = objective.family.of(batch.season)
        length = member.config.patch_length
        lives = member.calibration.lives((batch.forks + 1) * length).repeat(len(batch.target))
        found.setdefault(str(length), []).append((prediction.raw, scaled.float(), lives))
    joined = {length: [torch.cat(part) for part in zip(*parts, strict=True)] for length, parts in found.items()}
    return {length: (raw, truth, lives) for length, (raw, truth, lives) in joined.items()}


def draw_lines(calibration: Calibration, lives: Tensor, needed: Tensor) -> None:
    """Set conformal offsets and cold-start widening of each horizon segment, in place.

    Parameters
    ----------
    calibration : Calibration
        The calibration of one patch length.
    lives : Tensor, shape [M]
        Half-lives over age of the series at each forecast.
    needed : Tensor, shape [M, 2, F]
        Log stretch of each side at which the interval would just have held, NaN unknown.
    """
    groups = np.array_split(np.argsort(lives.numpy(), kind="stable"), _AGES)
    ages = [float(lives[group].mean()) for group in groups]
    promised = calibration.levels[-1]
    for segment, columns in enumerate(needed.split(calibration.segment_length, dim=-1)):
        holding = [float(np.nanquantile(columns[group].numpy(), promised)) for group in groups]
        slope, foot = np.polyfit(ages, holding, 1)
        calibration.conformal_offsets[:, segment] = float(foot)
        calibration.cold_start_widening[segment] = max(float(slope), 0.0)


def set_tails(calibration: Calibration, raw: Tensor, truth: Tensor, age: Tensor) -> None:
    """Set the bases of the tails, in place; they stay where no level lies beyond the trained ones.

    Parameters
    ----------
    calibration : Calibration
        The calibration of one patch length, whose widths are set.
    raw : Tensor
        Quantiles ``[M, F, Q]`` before calibration.
    truth : Tensor
        Values ``[M, F]`` in the same unit, NaN where unknown.
    age : Tensor
        Steps ``[M]`` that each series had read.
    """
    stretched = calibration.stretch(raw, raw.new_zeros(len(raw), *calibration.conformal_offsets.shape), age)
    served, came, levels = stretched.double().cpu().numpy(), truth.double().cpu().numpy(), calibration.levels
    needed = [needed_bases(served, levels, came, side) for side in (0, -1)]
    found = holding_base(np.concatenate(needed, axis=1), levels[0])
    if found is not None:
        calibration.tail_exponents.fill_(found)
