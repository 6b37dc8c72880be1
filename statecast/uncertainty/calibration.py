"""Calibration: intervals that follow their own misses, and how the errors of one path hang together.

Two things are found out from forecasts whose truth has come in. A network declares them from validation (buffers,
saved with the weights), a series refines them for itself (in its state).

Conformal offsets. Quantiles keep their order and their median; all distances below it are stretched by ``exp(offset)``,
all above by another. With ``s = log((y - median) / (upper - median))``, the stretch at which the outermost quantile
would just have held, the offset follows the quantile of s that the outermost level promises:

    offset <- offset + rate (mean over the segment of [s > offset] - aim)

which is quantile tracking in log width, so that no width can become negative. The step is softened (a logistic of
``own_calibration.SOFT`` in log width): a hard one would turn a difference of rounding between two splits of a history
into a jump.

In-sample offsets. A network misses less on rows that it was fitted on. So a series' misses there, all that lie before
the step at which training ended, are held against the offsets that those rows need on average, and only later ones
against validation's. What a series takes along into unknown rows is then what sets it apart from other series, and not
how well it was learned.

Cold-start widening. Little is known of a series that has only begun: a level is as sure as a mean of so many values,
and what is wanting falls off as one over their number. So intervals are wider by ``cold_start_widening`` times
half-life over age, on both sides of the median. Found for a pretrained family on kinds of series held apart, and kept
by what starts from it; elsewhere 0.

Spread growth. Past the horizon intervals grow with the distance; see ``statecast.uncertainty.spread``. Tail exponents.
Levels beyond the outermost trained ones; see ``statecast.uncertainty.quantile_levels``.

Autocorrelation. Errors as normal scores of their distribution, and their correlation at every distance in steps.

Shapes: B rows, A updates, M origins, F horizon, Q levels, S horizon segments of L steps.

References
----------
Gibbs, I. and Candes, E. (2021). Adaptive conformal inference under distribution shift. NeurIPS.
Angelopoulos, A. N., Candes, E. and Tibshirani, R. J. (2023). Conformal PID control for time series prediction. NeurIPS.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.config import ForecasterConfig
from statecast.state.state import Field
from statecast.uncertainty.quantile_levels import TAIL_EXPONENT

# An offset that moves holds less often than one that stands still. To make up for it so much more is promised, per
# unit of log width that an offset may move in a horizon, up to the most.
_SLACK, _MOST = 0.04, 0.1
SPREAD_GROWTH = 0.1
"""What ``spread_growth`` is before validation has shown any: from series of ``benchmarks.beyond_horizon``."""
_YOUNGEST = 0.1  # half-lives; what still younger series were seen to need grows no more


class Calibration(nn.Module):
    """What a fit found out about the errors of a network.

    Before a fit there is no stretch, no step in sample, and no correlation between steps.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    stride : int
        Steps between hindcasts.

    Attributes
    ----------
    aims : Tensor
        ``[2, 1]``, share of misses on either side that own offsets aim at; follows from the config.
    conformal_offsets : Tensor
        ``[2, S]``, log stretch below and above the median.
    in_sample_offsets : Tensor
        ``[2, S]``, those that steps need on which the network was fitted.
    in_sample_until : Tensor
        ``[]`` int64, time index before which all steps count as such.
    cold_start_widening : Tensor
        ``[S]``, log width that is added at an age of one half-life, on both sides.
    autocorrelation : Tensor
        ``[F]`` of normal scores by lag, 1 at lag 0.
    spread_growth : Tensor
        ``[]`` exponent of the distance by which intervals grow past the horizon, beside the series' own.
    tail_exponents : Tensor
        ``[2]`` bases of the tails below and above the median.
    """

    aims: Tensor
    conformal_offsets: Tensor
    in_sample_offsets: Tensor
    in_sample_until: Tensor
    cold_start_widening: Tensor
    autocorrelation: Tensor
    spread_growth: Tensor
    tail_exponents: Tensor

    def __init__(self, config: ForecasterConfig, stride: int) -> None:
        super().__init__()
        self.segment_length, self.rate = config.segment_length, config.adaptation * stride
        self.half_life = config.half_life
        self.levels = config.quantile_levels
        self.middle = self.levels.index(0.5)
        below, above = self.levels[0], 1.0 - self.levels[-1]
        slack = config.coverage_slack
        more = min(_SLACK * config.adaptation * config.horizon, _MOST) if slack is None else slack
        self.register_buffer("aims", torch.tensor([below, above])[:, None] * (1.0 - more), persistent=False)
        self.register_buffer("conformal_offsets", torch.zeros(2, config.segments))
        self.register_buffer("in_sample_offsets", torch.zeros(2, config.segments))
        self.register_buffer("in_sample_until", torch.tensor(torch.iinfo(torch.int64).min))
        self.register_buffer("cold_start_widening", torch.zeros(config.segments))
        self.register_buffer("autocorrelation", functional.pad(torch.ones(1), (0, config.horizon - 1)))
        self.register_buffer("spread_growth", torch.tensor(SPREAD_GROWTH))
        self.register_buffer("tail_exponents", torch.full((2,), TAIL_EXPONENT))

    @property
    def exponents(self) -> tuple[float, float]:
        """Return ``tail_exponents`` as numbers."""
        return float(self.tail_exponents[0]), float(self.tail_exponents[1])

    @staticmethod
    def fields(config: ForecasterConfig) -> tuple[Field, ...]:
        """Return the state fields of what a series finds out for itself, relative to what validation found.

        Parameters
        ----------
        config : ForecasterConfig
            The network's.

        Returns
        -------
        tuple of Field
            Own offsets and own autocorrelation.
        """
        offsets = Field("conformal_offsets", (2, config.segments), torch.float32)
        return offsets, Field("autocorrelation", (config.horizon,), torch.float32)

    def widening(self, age: Tensor, horizon: int) -> Tensor:
        """Say how much wider intervals of a young series are.

        Parameters
        ----------
        age : Tensor
            ``[M]``, steps that the series has read.
        horizon : int
            Steps ahead, F.

        Returns
        -------
        Tensor
            Log width ``[M, 1, F]`` that is added on both sides.
        """
        return self._by_step(self.lives(age)[:, None] * self.cold_start_widening, horizon)[:, None]

    def lives(self, age: Tensor) -> Tensor:
        """Return half-lives over age, up to a bound: what ``cold_start_widening`` is multiplied by.

        Parameters
        ----------
        age : Tensor
            Steps read, of any shape.

        Returns
        -------
        Tensor
            Of the same shape.
        """
        return self.half_life / age.clamp_min(self.half_life * _YOUNGEST)

    def stretch(self, raw: Tensor, own: Tensor, age: Tensor) -> Tensor:
        """Stretch quantiles.

        Parameters
        ----------
        raw : Tensor
            ``[M, F, Q]`` in any unit.
        own : Tensor
            ``[M, 2, S]``, the series' own offsets.
        age : Tensor
            ``[M]``, steps that the series has read.

        Returns
        -------
        Tensor
            ``[M, F, Q]`` with the offsets of network, series and age.
        """
        horizon = raw.shape[1]
        return self._widened(raw, self._by_step(self.conformal_offsets + own, horizon) + self.widening(age, horizon))

    def stretch_past(self, raw: Tensor, own: Tensor, origins: Tensor, age: Tensor) -> Tensor:
        """Stretch hindcasts, because rows in sample need other offsets.

        Parameters
        ----------
        raw : Tensor
            ``[M, F, Q]``.
        own : Tensor
            ``[M, 2, S]``, the series' own offsets.
        origins : Tensor
            ``[M]`` time indices.
        age : Tensor
            ``[M]``, steps that the series had read then.

        Returns
        -------
        Tensor
            ``[M, F, Q]``.
        """
        return self._widened(raw, self.expected(origins, raw.shape[1], age) + self._by_step(own, raw.shape[1]))

    def expected(self, origins: Tensor, horizon: int, age: Tensor) -> Tensor:
        """Return the offsets of an average series.

        Parameters
        ----------
        origins : Tensor
            ``[M]`` time indices.
        horizon : int
            Steps ahead, F.
        age : Tensor
            ``[M]``, steps that the series had read then.

        Returns
        -------
        Tensor
            ``[M, 2, F]``.
        """
        ahead = origins[:, None] + 1 + torch.arange(horizon, device=origins.device)
        in_sample = (ahead < self.in_sample_until)[:, None]
        by_step = self._by_step(self.in_sample_offsets, horizon), self._by_step(self.conformal_offsets, horizon)
        return torch.where(in_sample, *by_step) + self.widening(age, horizon)

    def _by_step(self, offsets: Tensor, horizon: int) -> Tensor:
        return offsets.repeat_interleave(self.segment_length, dim=-1)[..., :horizon]

    def _widened(self, raw: Tensor, offsets: Tensor) -> Tensor:
        """``offsets``: ``[M, 2, F]``."""
        below, above = torch.exp(offsets)[..., None].unbind(1)
        centre = raw[..., self.middle : self.middle + 1]
        away = raw - centre
        return centre + torch.cat([away[..., : self.middle] * below, away[..., self.middle :] * above], dim=-1)

    def needed(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the log stretch of each side at which the outermost quantile would just have held.

        Parameters
        ----------
        raw : Tensor
            ``[M, F, Q]``.
        truth : Tensor
            ``[M, F]`` in the same unit, NaN where unknown.

        Returns
        -------
        Tensor
            ``[M, 2, F]``, NaN where unknown.
        """
        middle = raw[..., self.middle]
        below = (middle - truth) / (middle - raw[..., 0]).clamp_min(1e-9)
        above = (truth - middle) / (raw[..., -1] - middle).clamp_min(1e-9)
        return torch.stack([below, above], dim=1).clamp(1e-4, 1e4).log()
