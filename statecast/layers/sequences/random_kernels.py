"""A linear model of what random convolutions find in values, whose sums are carried: what shapes say alone."""

from collections.abc import Iterator, Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from statecast.layers.sequences.padding import last_steps, sequence_mask
from statecast.state.state import Field

_TAPS = 9
_RAISED = [list(places) for places in zip(*combinations(range(_TAPS), 3), strict=True)]  # taps of weight 2; others -1
KERNELS = len(_RAISED[0])
"""Kernels per dilation: as many as there are choices of three taps of nine."""
_NUMBERS = 2**21  # that are computed at once


class RandomKernels(nn.Module):
    """Values to a linear model of the shares of steps at which a convolution is above each of its thresholds.

    Every kernel has nine taps, three of weight 2 and six of weight -1, and reads the values and their differences, each
    summed over some channels drawn at random. All is additions in one order, so that a threshold is crossed at the same
    steps however the steps are cut; before the first all is 0.

    Parameters
    ----------
    channels : int
        Values per step, C.
    dilations : sequence of int
        Steps between the taps, D of them.
    thresholds : int
        How many each convolution has.
    outputs : int
        Numbers that the linear model gives, K.

    References
    ----------
    Dempster, A., Petitjean, F. and Webb, G. I. (2020). ROCKET: exceptionally fast and accurate time series
    classification using random convolutional kernels. Data Mining and Knowledge Discovery 34.
    Dempster, A., Schmidt, D. F. and Webb, G. I. (2021). MiniRocket: a very fast (almost) deterministic transform for
    time series classification. KDD.
    Tan, C. W. et al. (2022). MultiRocket: multiple pooling operators and transformations for fast and effective time
    series classification. Data Mining and Knowledge Discovery 36.

    Examples
    --------
    >>> from statecast.state.state import fresh_fields
    >>> kernels = RandomKernels(channels=1, dilations=(1, 2), thresholds=2, outputs=3)
    >>> carried = kernels.read(torch.randn(1, 5, 1), torch.tensor([5]), fresh_fields(kernels.fields, 1))
    >>> kernels.features, tuple(carried["recent_values"].shape), tuple(kernels.summary(carried).shape)
    (672, (1, 17, 1), (1, 3))
    """

    offsets: Tensor
    mask: Tensor
    levels: Tensor

    def __init__(self, channels: int, dilations: tuple[int, ...], thresholds: int, outputs: int) -> None:
        super().__init__()
        self.channels, self.features = channels, len(dilations) * 2 * KERNELS * thresholds
        self._back = (_TAPS - 1) * max(dilations)
        taps = self._back - torch.tensor(dilations)[:, None] * torch.arange(_TAPS)
        self.register_buffer("offsets", taps, persistent=False)  # [D, taps]
        self.register_buffer("mask", _draw_channels(channels, (len(dilations), 2, KERNELS)))
        self.register_buffer("levels", torch.zeros(len(dilations), 2, KERNELS, thresholds))
        self.table = nn.Parameter(torch.zeros(self.features, outputs), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(outputs), requires_grad=False)
        self.fields = (
            Field("recent_values", (self._back + 1, channels), torch.float32),  # one more for the first difference
            Field("kernel_steps", (), torch.int64),
            Field("kernel_sum", (outputs,), torch.float64),
        )

    def read(self, values: Tensor, lengths: Tensor, carried: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take further values in.

        Parameters
        ----------
        values : Tensor
            ``[B, T, C]`` float32 in units of their channels, finite.
        lengths : Tensor
            ``[B]`` int64, 0 to T.
        carried : mapping of str to Tensor
            What was carried so far, which stays as it is.

        Returns
        -------
        dict of str to Tensor
            The same after these values.
        """
        joined = torch.cat([carried["recent_values"], values], dim=1)
        return {
            "recent_values": last_steps(joined, lengths, self._back + 1),
            "kernel_steps": carried["kernel_steps"] + lengths,
            "kernel_sum": carried["kernel_sum"] + self.counts(joined, lengths).double() @ self.table.double(),
        }

    def counts(self, joined: Tensor, lengths: Tensor) -> Tensor:
        """Count the steps at which each convolution is above each threshold.

        Parameters
        ----------
        joined : Tensor
            ``[B, before + T, C]``: the values that ``recent_values`` carries, and further ones.
        lengths : Tensor
            ``[B]`` int64, 0 to T.

        Returns
        -------
        Tensor
            ``[B, features]`` int64.
        """
        total = torch.zeros(len(joined), self.features, dtype=torch.int64, device=joined.device)
        real = sequence_mask(lengths, joined.shape[1] - self._back - 1)
        for begin, found in self._convolve(joined):
            above = (found[..., None] > self.levels) & real[:, begin : begin + found.shape[1], None, None, None, None]
            total += above.sum(1).flatten(1)
        return total

    def summary(self, carried: Mapping[str, Tensor]) -> Tensor:
        """Give the logits of what was carried.

        Parameters
        ----------
        carried : mapping of str to Tensor
            What ``read`` gave.

        Returns
        -------
        Tensor
            ``[B, K]`` float32.
        """
        return (carried["kernel_sum"] / carried["kernel_steps"].clamp(min=1)[:, None]).float() + self.bias

    @torch.no_grad()
    def set_levels(self, values: Tensor) -> None:
        """Set each convolution's thresholds to quantiles of what it finds, which are spread evenly over all of them.

        Parameters
        ----------
        values : Tensor
            ``[T, C]`` float32 in units of their channels, finite: examples one behind the other.
        """
        found = torch.cat([some[0] for _, some in self._convolve(self.joined(values[None]))])  # [T, D, 2, kernels]
        golden = (5.0**0.5 - 1.0) / 2.0
        shares = torch.arange(1, self.features + 1, dtype=torch.float64).mul(golden).remainder(1.0)
        ordered = found.flatten(1).sort(dim=0).values
        places = (shares.view(-1, self.levels.shape[-1]) * (len(ordered) - 1)).long()
        self.levels.copy_(ordered.gather(0, places.T).T.view_as(self.levels))

    def joined(self, values: Tensor) -> Tensor:
        """Put before values what a fresh state carries.

        Parameters
        ----------
        values : Tensor
            ``[B, T, C]``.

        Returns
        -------
        Tensor
            ``[B, before + T, C]``.
        """
        return torch.cat([values.new_zeros(len(values), self._back + 1, self.channels), values], dim=1)

    def _convolve(self, joined: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Some steps' convolutions ``[B, t, D, 2, kernels]`` at a time, with the place of the first."""
        both = torch.stack([joined[:, 1:], joined[:, 1:] - joined[:, :-1]], dim=2)  # [B, before + T, 2, C]
        steps = both.shape[1] - self._back
        block = max(1, _NUMBERS // (max(1, len(both)) * self.mask.numel()))
        for begin in range(0, steps, block):
            here = torch.arange(begin, min(begin + block, steps), device=joined.device)
            taps = both[:, here[:, None, None] + self.offsets]  # [B, t, D, taps, 2, C]
            first, second, third = (taps[:, :, :, places] for places in _RAISED)
            found = (3.0 * (first + second + third) - _added(taps, 3)[:, :, :, None]).transpose(3, 4) * self.mask
            yield begin, _added(found, -1)


def _added(values: Tensor, dim: int) -> Tensor:
    """The sum in one order, where that of ``sum`` hangs on the shape."""
    first, *others = values.unbind(dim)
    for one in others:
        first = first + one
    return first


def _draw_channels(channels: int, shape: tuple[int, ...]) -> Tensor:
    """Which channels each kernel reads, ``[*shape, C]`` of 0 and 1: as often one or two as three to six, and so on."""
    if channels == 1:
        return torch.ones(*shape, 1)
    most = torch.tensor(float(min(channels, _TAPS)) + 1.0).log2()
    count = (torch.rand(*shape, 1) * most).exp2().long()
    return (torch.rand(*shape, channels).argsort(-1).argsort(-1) < count).float()
