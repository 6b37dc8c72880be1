"""What a student learns on: synthetic series of its season, and own ones where a table was given."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statecast.config import ForecasterConfig
from statecast.inputs.level import deviations, find_level
from training.data.panel import Panel
from training.data.splits import split_by_fractions
from training.errors import TrainingError
from training.synthetic.batches import Batches, SyntheticBatch, entry_of

_HELD_BACK = 0.2  # of each own series, its end: validated on, never learned from
_LONGEST = 1536  # steps of an own series that are read at most


@dataclass(frozen=True)
class OwnSeries:
    """Series of a table, cut into batches to learn from and one to validate on.

    Parameters
    ----------
    values : tuple of array
        Float32 deviations ``[T]`` of each series from its level, in units of its standard deviation, NaN missing.
    learned : array
        End ``[I]`` of what may be learned from.
    """

    values: tuple[NDArray[np.float32], ...]
    learned: NDArray[np.int64]

    @classmethod
    def of(cls, panel: Panel, horizon: int) -> "OwnSeries":
        """Take the targets of a panel.

        Parameters
        ----------
        panel : Panel
            The series; covariates are left behind.
        horizon : int
            Steps ahead F.

        Returns
        -------
        OwnSeries
            Those long enough to forecast once.

        Raises
        ------
        TrainingError
            If none is as long as three horizons.
        """
        panel = panel.bare()
        split = split_by_fractions(panel, (1.0 - _HELD_BACK, _HELD_BACK, 0.0), horizon)
        found = []
        for item, end in zip(panel.items, split.train.tolist(), strict=True):
            rows = item.target[item.first : item.last + 1]
            if end - item.first >= 2 * horizon:
                values = deviations(rows, float(find_level(rows)))
                spread = float(np.nanstd(values[: end - item.first]))
                found.append((values / (spread if spread > 0 else 1.0), end - item.first))
        if not found:
            raise TrainingError(
                f"--data: expected a series of at least {3 * horizon} values, three horizons, got none; leave it out "
                "or pass a shorter --horizon"
            )
        return cls(tuple(values for values, _ in found), np.asarray([end for _, end in found], dtype=np.int64))

    def draw(self, batches: Batches, config: ForecasterConfig, generator: np.random.Generator) -> SyntheticBatch:
        """Draw stretches of series that may be learned from, each ending anywhere.

        Parameters
        ----------
        batches : Batches
            How large they are.
        config : ForecasterConfig
            The student's.
        generator : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        SyntheticBatch
            Of one length; what a series does not reach back to is missing.
        """
        longest = min(int(self.learned.max()), _LONGEST) - config.horizon
        most = max(longest // config.patch_length, 1)
        patches = int(generator.integers(max(most // 4, 1), most + 1))
        steps = patches * config.patch_length + config.horizon
        rows = max(batches.values // steps, 8)
        chosen = generator.integers(0, len(self.values), rows)
        shortest = np.minimum(steps, self.learned[chosen])
        ends = generator.integers(shortest, self.learned[chosen] + 1)
        return batches.of_values(self._stretches(chosen, ends, steps), config, generator)

    def held_back(self, batches: Batches, config: ForecasterConfig, rows: int) -> SyntheticBatch:
        """Return the ends of series, whose last horizon was not learned from.

        Parameters
        ----------
        batches : Batches
            How they are cut.
        config : ForecasterConfig
            The student's.
        rows : int
            Most series.

        Returns
        -------
        SyntheticBatch
            Always the same.
        """
        lengths = np.asarray([values.size for values in self.values])
        patches = max((min(int(lengths.max()), _LONGEST) - config.horizon) // config.patch_length, 1)
        steps = patches * config.patch_length + config.horizon
        chosen = np.arange(len(self.values))[:: max(len(self.values) // rows, 1)][:rows]
        return batches.of_values(self._stretches(chosen, lengths[chosen], steps), config, np.random.default_rng(0))

    def _stretches(self, chosen: NDArray[np.int64], ends: NDArray[np.int64], steps: int) -> NDArray[np.float64]:
        found = np.full((len(chosen), steps), np.nan)
        for row, (item, end) in enumerate(zip(chosen.tolist(), ends.tolist(), strict=True)):
            part = self.values[item][max(end - steps, 0) : end]
            found[row, steps - part.size :] = part
        return found


@dataclass(frozen=True)
class Lessons:
    """Where the batches of a distillation come from.

    Parameters
    ----------
    config : ForecasterConfig
        The student's.
    batches : Batches
        How large they are.
    own : OwnSeries or None
        Series of a table.
    share : float
        Share of the batches that own series have.
    """

    config: ForecasterConfig
    batches: Batches
    own: OwnSeries | None
    share: float

    def draw(self, generator: np.random.Generator) -> SyntheticBatch:
        """Draw the next batch to learn from.

        Parameters
        ----------
        generator : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        SyntheticBatch
            Series ``[B, T]`` of the student's season.
        """
        if self.own is not None and generator.random() < self.share:
            return self.own.draw(self.batches, self.config, generator)
        return self.batches.draw_of(entry_of(self.config.season), self.config, generator)

    def validation(self, rows: int, seed: int) -> dict[str, SyntheticBatch]:
        """Return what the student is validated on, by what it is.

        Parameters
        ----------
        rows : int
            Series of each.
        seed : int
            Seed of the distillation.

        Returns
        -------
        dict of str to SyntheticBatch
            Held-out kinds of synthetic series, and the ends of own ones.
        """
        held_out = np.random.default_rng([seed, 1])
        found = {"synthetic": self.batches.judged(entry_of(self.config.season), self.config, rows, held_out)}
        if self.own is not None and self.share:
            found["own"] = self.own.held_back(self.batches, self.config, rows)
        return found
