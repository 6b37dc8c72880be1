"""What one step of pretraining reads: series of one season, and the forks at which forecasts are due."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.config import ForecasterConfig
from training.synthetic.damage import damage, gaps
from training.synthetic.families import held_apart, learned
from training.synthetic.shape import Array, Shape

_MOST, _OF_VALUES = 192, 40_000  # rows per batch at most, for so many values; of more values that many more
_WRONG = 0.08  # share of rows whose season is not the one that the network is given


class Season(NamedTuple):
    """Series of one season, and how long those are that are drawn."""

    season: int
    """Steps per season, 1 for none."""
    weight: float
    """How often it is drawn, relative to the others."""
    long: int
    """Steps per longer season, 0 for none."""
    shortest: int
    """Fewest steps that are read, roughly."""
    longest: int
    """Most steps that are read, roughly."""


# Seasons of the usual freqs: years; quarters; days; months; hours; half hours; weeks; minutes and seconds; quarters of
# an hour; ten minutes; five minutes. Lengths are what sessions of such freqs begin with.
SEASONS = (
    Season(1, 2.0, 0, 16, 320),
    Season(4, 1.0, 0, 24, 240),
    Season(7, 2.0, 0, 48, 1024),
    Season(12, 3.0, 0, 40, 480),
    Season(24, 5.0, 168, 160, 1536),
    Season(48, 1.0, 336, 288, 1536),
    Season(52, 0.5, 0, 160, 640),
    Season(60, 0.7, 0, 320, 1536),
    Season(96, 2.0, 672, 640, 2304),
    Season(144, 2.0, 1008, 960, 2592),
    Season(288, 0.5, 2016, 1600, 3200),
)


def entry_of(season: int) -> Season:
    """Return a season as it is drawn: one of ``SEASONS``, else as long as the nearest of them.

    Parameters
    ----------
    season : int
        Steps per season.

    Returns
    -------
    Season
        With a longer season only where that is known.

    Examples
    --------
    >>> entry_of(24).long, entry_of(26).season, entry_of(26).longest
    (168, 26, 1536)
    """
    nearest = min(SEASONS, key=lambda entry: abs(np.log(entry.season / season)))
    return nearest if nearest.season == season else nearest._replace(season=season, long=0)


_WEIGHTS = np.asarray([entry.weight for entry in SEASONS])
_SHARES = _WEIGHTS / _WEIGHTS.sum()


class SyntheticBatch(NamedTuple):
    """Series of one season and one length, with what comes after some of their patches."""

    season: int
    """Steps per season as the network is given it; a few rows have another one."""
    target: Tensor
    """``[B, T]`` values, NaN missing."""
    truth: Tensor
    """``[B, N, F]`` values after each of the forks, in the target's unit, NaN missing."""
    forks: Tensor
    """``[N]`` numbers of the patches after which forecasts are due, ascending."""
    unit: Tensor
    """``[B]`` mean absolute change over one season, at least 0.1; the series' deviation is 1 or so."""

    def to(self, device: torch.device) -> "SyntheticBatch":
        """Move the tensors to a device.

        Parameters
        ----------
        device : torch.device
            Where the network is.

        Returns
        -------
        SyntheticBatch
            The same rows.
        """
        moved = (part.to(device, non_blocking=True) for part in (self.target, self.truth, self.forks, self.unit))
        return SyntheticBatch(self.season, *moved)


@dataclass(frozen=True)
class Batches:
    """Draws the batches of a pretraining."""

    values: int = 40_000
    """Values per batch, roughly."""
    forks: int = 12
    """Most forecasts per row."""

    def draw(self, shape_of: Callable[[int], ForecasterConfig], generator: np.random.Generator) -> SyntheticBatch:
        """Draw a batch of one season to learn from, of any length that the season has.

        Parameters
        ----------
        shape_of : callable
            Gives the config of the network for a season; its patch length, horizon and season are used.
        generator : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        SyntheticBatch
            8 rows or more.
        """
        entry = SEASONS[int(generator.choice(len(SEASONS), p=_SHARES))]
        return self.draw_of(entry, shape_of(entry.season), generator)

    def draw_of(self, entry: Season, config: ForecasterConfig, generator: np.random.Generator) -> SyntheticBatch:
        """Draw a batch of a season that is known, to learn from.

        Parameters
        ----------
        entry : Season
            The season.
        config : ForecasterConfig
            Config of the network for it; its patch length, horizon and season are used.
        generator : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        SyntheticBatch
            8 rows or more.
        """
        low, high = (max(length // config.patch_length, 2) for length in (entry.shortest, entry.longest))
        patches = int(np.exp(generator.uniform(np.log(low), np.log(high + 1))))
        steps = patches * config.patch_length + config.horizon
        rows = int(np.clip(self.values // steps, 8, max(_MOST * self.values // _OF_VALUES, _MOST)))
        shape = Shape(rows, steps, entry.season, entry.long)
        wrong = int(generator.binomial(rows, _WRONG))
        other = max(int(entry.season * np.exp(generator.normal(0, 0.5))), 1)
        parts = [learned(shape.of(rows - wrong), generator)]
        if wrong:
            parts.append(learned(Shape(wrong, steps, other), generator))
        return self._damaged(np.concatenate(parts), config, generator)

    def judged(
        self, entry: Season, config: ForecasterConfig, rows: int, generator: np.random.Generator
    ) -> SyntheticBatch:
        """Draw a batch to validate on: of one season, as long as that comes, of kinds that are held out of training.

        Parameters
        ----------
        entry : Season
            The season.
        config : ForecasterConfig
            Config of the network for it; its patch length, horizon and season are used.
        rows : int
            Number of series, B.
        generator : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        SyntheticBatch
            The series, damaged as those to learn from are.
        """
        patches = max(entry.longest // config.patch_length, 2)
        shape = Shape(rows, patches * config.patch_length + config.horizon, entry.season, entry.long)
        return self._damaged(held_apart(shape, generator), config, generator)

    def _damaged(self, values: Array, config: ForecasterConfig, generator: np.random.Generator) -> SyntheticBatch:
        values = damage(values, generator)
        np.putmask(values, gaps(values, generator), np.nan)
        return self.of_values(values, config, generator)

    def of_values(self, values: Array, config: ForecasterConfig, generator: np.random.Generator) -> SyntheticBatch:
        """Cut series into what is read and what is forecast.

        Parameters
        ----------
        values : array
            Series ``[B, T]`` of one season, of whole patches and a horizon; NaN missing.
        config : ForecasterConfig
            Config of the network for it; its patch length, horizon and season are used.
        generator : numpy.random.Generator
            Draws the forks.

        Returns
        -------
        SyntheticBatch
            B rows; the last fork is after the last patch.
        """
        patches = (values.shape[1] - config.horizon) // config.patch_length
        # Later forks know more, but forecasts are needed at every age.
        forks = np.unique(np.append(generator.integers(0, patches, self.forks - 1), patches - 1))
        ends = (forks + 1) * config.patch_length
        kept = values.astype(np.float32)
        truth = np.stack([kept[:, end : end + config.horizon] for end in ends], 1)
        return SyntheticBatch(
            season=config.season,
            target=torch.from_numpy(kept[:, : patches * config.patch_length].copy()),
            truth=torch.from_numpy(truth),
            forks=torch.from_numpy(forks),
            unit=torch.from_numpy(_unit(values, config.season)),
        )


def _unit(values: Array, season: int) -> NDArray[np.float64]:
    if values.shape[1] <= season:
        return np.ones(len(values))
    change = values[:, season:] - values[:, :-season]
    np.abs(change, out=change)
    missing = np.isnan(change)
    change[missing] = 0.0
    mean = change.sum(1) / np.maximum(change.shape[1] - missing.sum(1), 1)
    return np.asarray(np.maximum(mean, 0.1))
