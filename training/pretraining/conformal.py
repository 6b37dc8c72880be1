"""How wide a family's intervals have to be, and how its errors hang together, found on kinds of series held apart.

A family misses more on kinds that it never learned than on those it did, and the more the shorter it knows a series.
So the stretch at which its intervals would have held is a line in half-lives over age: its foot are the margins, its
slope is the youth. Made-up series tell nothing about sides, so both sides of the median get the same.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from statecast.uncertainty.calibration import Calibration
from training.evaluation.conformal import remember_dependence
from training.pretraining.objective import FamilyPretraining
from training.synthetic.batches import SEASONS, Batches, SyntheticBatch

_DRAWS, _ROWS, _FORKS = 4, 96, 24  # batches of each season, series of each, forecasts of each
_AGES = 8  # groups of forecasts by age, equally many in each, through which the line is drawn


@torch.no_grad()
def calibrate(objective: FamilyPretraining) -> None:
    """Set margins, youth and autocorrelation of each patch length; the same for the same seed."""
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
    last = (batch._replace(forks=batch.forks[-1:], truth=batch.truth[:, -1:]) for batch in objective.validation_batches)
    for length, (raw, truth, lives) in _look_back(objective, last).items():
        calibration = family.calibration(length)
        remember_dependence(calibration, raw, truth, calibration.half_life / lives)


def _look_back(
    objective: FamilyPretraining, batches: Iterable[SyntheticBatch]
) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """By patch length: raw quantiles ``[M, F, Q]``, what came ``[M, F]`` in their units, and half-lives over age.

    Seasons of one patch length have half-lives of their own.
    """
    found: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {}
    for kept in batches:
        batch = kept.to(next(objective.family.parameters()).device)
        prediction = objective.forecast(batch, batch.forks)
        truth = batch.truth.flatten(0, 1).double()
        scaled = (truth - prediction.loc[:, None]) / prediction.scale.clamp_min(1e-12)[:, None]
        # Of a series that has not moved yet, or not been seen, nothing can be said in its own unit.
        scaled = torch.where(prediction.scale[:, None] > 0, scaled, torch.nan)
        member = objective.family.of(batch.season)
        length = member.config.patch_length
        lives = member.calibration.lives((batch.forks + 1) * length).repeat(len(batch.target))
        found.setdefault(str(length), []).append((prediction.raw, scaled.float(), lives))
    joined = {length: [torch.cat(part) for part in zip(*parts, strict=True)] for length, parts in found.items()}
    return {length: (raw, truth, lives) for length, (raw, truth, lives) in joined.items()}


def draw_lines(calibration: Calibration, lives: Tensor, needed: Tensor) -> None:
    """Margins and youth of each segment. ``lives``: ``[M]``, ``needed``: ``[M, 2, F]``, NaN unknown."""
    groups = np.array_split(np.argsort(lives.numpy(), kind="stable"), _AGES)
    ages = [float(lives[group].mean()) for group in groups]
    promised = calibration.levels[-1]
    for segment, columns in enumerate(needed.split(calibration.segment_length, dim=-1)):
        holding = [float(np.nanquantile(columns[group].numpy(), promised)) for group in groups]
        slope, foot = np.polyfit(ages, holding, 1)
        calibration.conformal_offsets[:, segment] = float(foot)
        calibration.cold_start_widening[segment] = max(float(slope), 0.0)
