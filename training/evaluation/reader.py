"""Reads a panel with a network: the states of all items, carried forward together."""

from collections.abc import Iterator

import torch
from torch import Tensor

from statecast import Observations, Prediction, SeriesNetwork
from statecast.state.state import State
from training.data.encoding import PanelTensors
from training.data.mixed_frequency import read_coarse_history

_CHUNK = 1024  # longest run of steps at once
_STEPS = 16_384  # rows times steps at once while reading
_VALUES = 4_000_000  # float32 values of quantiles or of raw rings at once while forecasting


class Reader:
    """Carries the states of all items of a panel forward together, whatever their lengths, without any padding.

    Parameters
    ----------
    network : SeriesNetwork
        The network that reads.
    tensors : PanelTensors
        All rows, encoded for it; they are moved to its device.

    Attributes
    ----------
    row : Tensor
        Next row ``[I]`` that each item reads; at first that of its first observed value.
    state : State
        States of the I items after the rows before it.
    level : Tensor
        What each item's states deviate from ``[I]``; 0 where the network reads values themselves.
    """

    def __init__(self, network: SeriesNetwork, tensors: PanelTensors) -> None:
        self.device = next(network.parameters()).device
        self.network, self.tensors = network, tensors.to(self.device)
        self.row = self.tensors.first.clone()
        self.level = self.tensors.level if network.takes_deviations else torch.zeros_like(self.tensors.level)
        self.state = network.fresh(self.tensors.clock + self.row - 1, self.tensors.static)

    def read(self, until: Tensor) -> None:
        """Prime every item up to, not with, a row.

        Parameters
        ----------
        until : Tensor
            That row ``[I]`` of each item; items that are already there stay.
        """
        for index, length in self._runs(until, _STEPS):
            observations, _ = self._observe(index, length)
            self._keep(index, length, self.network.prime(observations, self.state.take(index)))

    def forecast(self, until: Tensor, every: int = 1) -> Iterator[tuple[Tensor, Tensor, Prediction]]:
        """Read on to a row, and forecast on the way.

        Parameters
        ----------
        until : Tensor
            Row ``[I]`` of each item, up to which, not with, is read.
        every : int
            Steps between forecasts. An item stops short of ``until`` where the rest is fewer steps.

        Yields
        ------
        tuple of Tensor, Tensor and Prediction
            Numbers ``[b]`` of some items, their origins ``[b, n]`` as rows, and the forecasts of the first item's n
            origins, then of the second's, and so on.
        """
        config = self.network.config
        width = max(config.horizon * len(config.quantile_levels), config.lookback_length)
        limit = max(_VALUES * min(every, config.patch_length) // width, every)
        for index, length in self._runs(until, limit, unit=every):
            observations, rows = self._observe(index, length)
            last = rows[:, every - 1 :: every]
            future = self.known_ahead(index, last, config.horizon)
            prediction, state = self.network(observations, self.state.take(index), future, every)
            self._keep(index, length, state)
            level = self.level[index].repeat_interleave(last.shape[1])
            yield index, last, prediction._replace(loc=prediction.loc + level)

    def known_ahead(self, index: Tensor, last: Tensor, steps: int) -> Tensor:
        """Return what is known ahead of some rows; 0 beyond the end of an item.

        Parameters
        ----------
        index : Tensor
            Numbers ``[b]`` of the items.
        last : Tensor
            Rows ``[b]`` or ``[b, n]``.
        steps : int
            How many steps after each, H.

        Returns
        -------
        Tensor
            ``[b, H, Ck]`` or ``[b, n, H, Ck]``.
        """
        ahead = last[..., None] + 1 + torch.arange(steps, device=self.device)
        shape = (-1, *[1] * last.dim())
        beyond = ahead >= self.tensors.length[index].view(shape)
        flat = (self.tensors.offset[index].view(shape) + ahead).clamp(max=len(self.tensors.known) - 1)
        return self.tensors.known[flat].masked_fill(beyond[..., None], 0.0)

    def _runs(self, until: Tensor, limit: int, unit: int = 1) -> Iterator[tuple[Tensor, int]]:
        """Groups of items that can all take the same number of steps: the largest powers of two first."""
        length = _CHUNK * unit
        while length >= unit:
            index = torch.nonzero(until - self.row >= length).flatten()
            if not len(index) or (length > unit and length > limit):
                length //= 2
                continue
            for part in index.split(max(limit // length, 1)):
                yield part, length

    def _observe(self, index: Tensor, length: int) -> tuple[Observations, Tensor]:
        rows = self.row[index][:, None] + torch.arange(length, device=self.device)
        tensors, flat = self.tensors, self.tensors.offset[index][:, None] + rows
        # A network under a transform, as a member of others that are under none, reads values.
        above = (tensors.level - self.level)[index][:, None]
        target = (tensors.target[flat] + above).float()
        columns = (target, tensors.past[flat], tensors.known[flat], tensors.mixed_frequency[flat])
        return Observations(*columns, self._coarse_history(index)), rows

    def _coarse_history(self, index: Tensor) -> Tensor:
        """Values of coarse resolutions from before those items of which nothing was read yet."""
        tensors = self.tensors
        history = torch.full(
            (len(index), len(tensors.coarse), tensors.coarse_history_length),
            torch.nan,
            dtype=torch.float64,
            device=self.device,
        )
        new = torch.nonzero(self.row[index] <= tensors.first[index]).flatten()
        before = tensors.clock[index[new]] + self.row[index[new]] - 1
        history[new] = read_coarse_history(tensors.coarse, index[new], before, tensors.coarse_history_length)
        return history

    def _keep(self, index: Tensor, length: int, state: State) -> None:
        self.row[index] += length
        self.state = state if len(index) == len(self.row) else self.state.put(index, state)
