"""Forked sequences: one long history, encoded once, with a forecast due at every patch boundary."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.encoding import PanelTensors
from training.data.mixed_frequency import read_coarse_history
from training.errors import TrainingError


class Batch(NamedTuple):
    """Sequences of one length, without any padding: B sequences of T steps, the last K forks scored, F steps ahead."""

    items: Tensor
    """Number ``[B]`` of the item of each sequence."""
    target: Tensor
    """Deviations ``[B, T]`` from the level that are read, NaN missing."""
    past: Tensor
    """Past covariates ``[B, T, Cp]``."""
    known: Tensor
    """Columns known ahead ``[B, T, Ck]``."""
    clock: Tensor
    """Absolute step ``[B]`` before row 0."""
    static: Tensor
    """Static covariates ``[B, S]``."""
    mixed_frequency: Tensor
    """Coarse values ``[B, T, G]``, see ``statecast.Observations``."""
    coarse_history: Tensor
    """Coarse values ``[B, G, H]`` before row 0, see ``statecast.Observations``."""
    future: Tensor
    """Columns known ahead ``[B, K, F, Ck]`` of the scored forks."""
    truth: Tensor
    """Deviations ``[B, K, F]`` to be forecast, NaN where unknown or not to be used."""
    level: Tensor
    """What is deviated from ``[B]``, float64."""

    def to(self, device: torch.device) -> "Batch":
        """Move to a device.

        Parameters
        ----------
        device : torch.device
            Where to.

        Returns
        -------
        Batch
            The same sequences there.
        """
        if device.type == "cuda":  # from pinned memory a device fetches by itself, while the step begins
            return Batch(*(part.pin_memory().to(device, non_blocking=True) for part in self))
        return Batch(*(part.to(device) for part in self))

    @property
    def observed(self) -> int:
        """How many values are compared with forecasts; 1 where there is none, so that it can divide."""
        return max(int((~self.truth.isnan()).sum()), 1)

    def apart(self, count: int) -> "list[Batch]":
        """Cut into parts of about one size.

        Parameters
        ----------
        count : int
            How many parts; fewer where there are fewer sequences.

        Returns
        -------
        list of Batch
            Some sequences each, all of them together.
        """
        return [Batch(*parts) for parts in zip(*(part.chunk(count) for part in self), strict=True)]


@dataclass(frozen=True)
class SequenceShape:
    """How sequences are cut; a short item has proportionally fewer forks and warm ones."""

    patch_length: int
    """Steps per patch."""
    horizon: int
    """Steps ahead F."""
    forks: int
    """Longest length of a sequence, in patches."""
    warm: int = 0
    """First patches whose forks are not scored."""
    covariate_dropout: float = 0.0
    """Share of sequences that see none of their covariates and coarse values."""
    calendar_dropout: float = 0.0
    """Share of sequences that see no calendar."""


class Sequences:
    """Draws random forked sequences before each item's border.

    Items are drawn in proportion to their rows; lengths fall into few classes so that a batch is never padded, and an
    item shorter than the longest class is read from its true first observation as often as not.

    Parameters
    ----------
    tensors : PanelTensors
        All rows, on the CPU.
    borders : array
        Row ``[I]`` of each item from which on nothing is read or compared with forecasts.
    shape : SequenceShape
        How sequences are cut.

    Raises
    ------
    TrainingError
        If no item holds a patch and a value after it.
    """

    def __init__(self, tensors: PanelTensors, borders: NDArray[np.int64], shape: SequenceShape) -> None:
        self.tensors = tensors
        self.shape = shape
        self._first = tensors.first.numpy()
        self._border = np.minimum(borders, tensors.length.numpy())
        self._flat_border = torch.from_numpy(self._border) + tensors.offset
        patch, horizon = shape.patch_length, shape.horizon
        life = self._border - self._first
        patches = np.minimum((life - horizon) // patch, shape.forks)
        # Where a whole horizon does not fit behind a patch, its unknown end is masked instead.
        patches = np.where((patches < 1) & (life > patch), 1, patches)
        classes = np.unique(np.floor(shape.forks / 2.0 ** np.arange(0, 12, 0.5)).astype(np.int64))
        classes = classes[classes >= 1]
        place = np.searchsorted(classes, patches, side="right") - 1
        self._patches = np.where(place >= 0, classes[np.maximum(place, 0)], 0)
        usable = self._patches > 0
        if not usable.any():
            raise TrainingError(
                f"patch_length: no item has more than {patch} rows to learn from; give longer series or a shorter patch"
            )
        self._classes = np.unique(self._patches[usable])
        self._members = [np.flatnonzero(self._patches == size) for size in self._classes]
        rows = [life[members].astype(np.float64) for members in self._members]
        self._weights = [weight / weight.sum() for weight in rows]
        totals = np.asarray([weight.sum() for weight in rows])
        self._shares = totals / totals.sum()

    def draw(self, count: int, generator: np.random.Generator) -> Batch:
        """Draw sequences of one length class; more of a shorter one, so that batches cost alike.

        Parameters
        ----------
        count : int
            Sequences of the longest class; of others up to eight times as many.
        generator : numpy.random.Generator
            Draws items, beginnings, and which sequences lose covariates or the calendar.

        Returns
        -------
        Batch
            On the CPU.
        """
        chosen = int(generator.choice(len(self._classes), p=self._shares))
        forks = int(self._classes[chosen])
        wanted = min(count * max(1, self.shape.forks // forks), count * 8)
        items = generator.choice(self._members[chosen], size=wanted, p=self._weights[chosen])
        length = forks * self.shape.patch_length
        room = np.maximum(self._border[items] - self._first[items] - length - self.shape.horizon, 0)
        starts = self._first[items] + generator.integers(0, room + 1)
        if forks < self.shape.forks:
            starts = np.where(generator.random(wanted) < 0.5, self._first[items], starts)
        batch = self.cut(items, starts, forks)
        return self._drop(batch, generator)

    def cut(self, items: NDArray[np.int64], starts: NDArray[np.int64], forks: int) -> Batch:
        """Cut the sequences that begin at these rows of these items.

        Parameters
        ----------
        items : array
            Number ``[B]`` of each one's item.
        starts : array
            Row ``[B]`` of the item that each begins at.
        forks : int
            Their length T, in patches.

        Returns
        -------
        Batch
            Values beyond an item's border are NaN in ``truth``, columns known ahead of them 0 in ``future``.
        """
        tensors, shape = self.tensors, self.shape
        item = torch.from_numpy(np.asarray(items, dtype=np.int64))
        start = torch.from_numpy(np.asarray(starts, dtype=np.int64))
        rows = (tensors.offset[item] + start)[:, None] + torch.arange(forks * shape.patch_length)
        scored = torch.arange(self._warm(forks) + 1, forks + 1)
        ends = (scored * shape.patch_length)[:, None] + torch.arange(shape.horizon)
        ahead = (tensors.offset[item] + start)[:, None, None] + ends
        beyond = ahead >= self._flat_border[item][:, None, None]
        ahead = ahead.clamp(max=tensors.target.numel() - 1)
        truth = tensors.target[ahead].masked_fill(beyond, torch.nan)
        clock = tensors.clock[item] + start - 1
        return Batch(
            items=item,
            target=tensors.target[rows],
            past=tensors.past[rows],
            known=tensors.known[rows],
            clock=clock,
            static=tensors.static[item],
            mixed_frequency=tensors.mixed_frequency[rows],
            coarse_history=read_coarse_history(tensors.coarse, item, clock, tensors.coarse_history_length),
            future=tensors.known[ahead].masked_fill(beyond[..., None], 0.0),
            truth=truth,
            level=tensors.level[item],
        )

    def _warm(self, forks: int) -> int:
        return min(self.shape.warm * forks // self.shape.forks, forks - 1)

    def _drop(self, batch: Batch, generator: np.random.Generator) -> Batch:
        """Take covariates or the calendar from some sequences, so that the network learns to do without them."""
        width, shape = self.tensors.calendar_width, self.shape
        count = batch.items.numel()
        keep = torch.ones(count, batch.known.shape[-1])
        keep[torch.from_numpy(generator.random(count) < shape.calendar_dropout), :width] = 0.0
        without = torch.from_numpy(generator.random(count) < shape.covariate_dropout)
        keep[without, width:] = 0.0
        return batch._replace(
            known=batch.known * keep[:, None],
            past=batch.past * (~without).float()[:, None, None],
            mixed_frequency=batch.mixed_frequency.masked_fill(without[:, None, None], torch.nan),
            coarse_history=batch.coarse_history.masked_fill(without[:, None, None], torch.nan),
            future=batch.future * keep[:, None, None],
        )
