"""Batches of series drawn beside the training, by processes of their own, each from a seed that its step gives it."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from statecast.models.family import FamilyConfig
from training.synthetic.batches import Batches, SyntheticBatch

_STREAM = 3  # tells these draws from those of validation and calibration under the same seed
_AHEAD = 4  # batches that each process draws before they are wanted


@dataclass(frozen=True)
class DrawnSteps(Dataset[SyntheticBatch]):
    """What each step of a pretraining reads, in any order: the same seed and step draw the same batch anywhere.

    Parameters
    ----------
    batches : Batches
        How large they are.
    family : FamilyConfig
        What learns from them.
    seed : int
        Seed of the pretraining.

    Examples
    --------
    >>> drawn = DrawnSteps(Batches(values=2000, forks=2), FamilyConfig(), seed=0)
    >>> bool((drawn[7].target.nan_to_num() == drawn[7].target.nan_to_num()).all())
    True
    """

    batches: Batches
    family: FamilyConfig
    seed: int

    def __getitem__(self, step: int) -> SyntheticBatch:
        """Draw the batch of a step.

        Parameters
        ----------
        step : int
            Steps that are done before it.

        Returns
        -------
        SyntheticBatch
            On the CPU.
        """
        return self.batches.draw(self.family.of, np.random.default_rng([self.seed, _STREAM, step]))


def draw_beside(
    drawn: DrawnSteps, first: int, steps: int, workers: int, device: torch.device
) -> Iterator[SyntheticBatch]:
    """Draw the batches of the steps ahead while others are trained on.

    Parameters
    ----------
    drawn : DrawnSteps
        What is drawn.
    first : int
        Steps that are done.
    steps : int
        Steps in all.
    workers : int
        Processes that draw, 1 or more.
    device : torch.device
        Where batches are wanted; for a CUDA device they lie in pinned memory, which it fetches by itself.

    Returns
    -------
    iterator of SyntheticBatch
        In order, on the CPU.

    Notes
    -----
    Processes are forked, which costs nothing; they touch neither the device nor the network.
    """
    return iter(
        DataLoader(
            drawn,
            batch_size=None,
            sampler=range(first, steps),
            num_workers=workers,
            prefetch_factor=_AHEAD,
            pin_memory=device.type == "cuda",
            multiprocessing_context=multiprocessing.get_context("fork"),
        )
    )
