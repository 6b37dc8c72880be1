"""Calibration: intervals that follow their own misses, and how the errors of one path hang together.

Two things are found out from forecasts whose truth has come in. A network declares them from validation (buffers,
saved with the weights), a series refines them for itself (in its state).

Conformal offsets. Quantiles keep their order and their median; all distances below it are stretched by ``exp(offset)``,
all above by another. With ``s = log((y - median) / (upper - median))``, the stretch at which the outermost quantile
would just have held, the offset follows the quantile of s that the outermost level promises:

    offset <- offset + rate (mean over the segment of [s > offset] - aim)

which is quantile tracking (Gibbs and Candes 2021; Angelopoulos, Candes and Tibshirani 2023) in log width, so that no
width can become negative. The step is softened (a logistic of ``SOFT`` in log width): a hard one would turn a
difference of rounding between two splits of a history into a jump.

In-sample offsets. A network misses less on rows that it was fitted on. So a series' misses there, all that lie before
the step at which training ended, are held against the offsets that those rows need on average, and only later ones
against validation's. What a series takes along into unknown rows is then what sets it apart from other series, and not
how well it was learned.

Cold-start widening. Little is known of a series that has only begun: a level is as sure as a mean of so many values,
and what is wanting falls off as one over their number. So intervals are wider by ``cold_start_widening`` times
half-life over age, on both sides of the median. Found for a pretrained family on kinds of series held apart, and kept
by what starts from it; elsewhere 0.

Autocorrelation. Errors as normal scores of their distribution, and their correlation at every distance in steps.

Shapes: B rows, A updates, M origins, F horizon, Q levels, S horizon segments of L steps.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.config import ForecasterConfig
from statecast.state.state import Field

SOFT = 0.05
_RECENT = 0.2  # weight of the newest forecast in a series' own autocorrelation
# An offset that moves holds less often than one that stands still. To make up for it so much more is promised, per
# unit of log width that an offset may move in a horizon, up to the most.
_SLACK, _MOST = 0.04, 0.1
_FAR = 4.0
_YOUNGEST = 0.1  # half-lives; what still younger series were seen to need grows no more


class Calibration(nn.Module):
    """What a fit found: ``conformal_offsets`` ``[2, S]`` (below, above) and ``autocorrelation`` ``[F]``, 1 at lag 0.

    in_sample_offsets: ``[2, S]``, those that steps before the time index ``in_sample_until`` ``[]`` need, because the
    network was fitted on them.
    cold_start_widening: ``[S]``, log width that is added at an age of one half-life, on both sides.
    Before a fit has found anything out: no stretch, no step in sample, and steps that know nothing of one another.
    """

    conformal_offsets: Tensor
    in_sample_offsets: Tensor
    in_sample_until: Tensor
    cold_start_widening: Tensor
    autocorrelation: Tensor

    def __init__(self, config: ForecasterConfig, stride: int) -> None:
        super().__init__()
        self.segment_length, self.rate = config.segment_length, config.adaptation * stride
        self.half_life = config.half_life
        self.levels = config.quantile_levels
        self.middle = self.levels.index(0.5)
        below, above = self.levels[0], 1.0 - self.levels[-1]
        more = config.coverage_slack
        if more is None:
            more = min(_SLACK * config.adaptation * config.horizon, _MOST)
        self.aims = torch.tensor([below, above])[:, None] * (1.0 - more)
        self.register_buffer("conformal_offsets", torch.zeros(2, config.segments))
        self.register_buffer("in_sample_offsets", torch.zeros(2, config.segments))
        self.register_buffer("in_sample_until", torch.tensor(torch.iinfo(torch.int64).min))
        self.register_buffer("cold_start_widening", torch.zeros(config.segments))
        self.register_buffer("autocorrelation", functional.pad(torch.ones(1), (0, config.horizon - 1)))

    @staticmethod
    def fields(config: ForecasterConfig) -> tuple[Field, ...]:
        """What a series has found out for itself, relative to what validation found."""
        return (
            Field("conformal_offsets", (2, config.segments), torch.float32),
            Field("autocorrelation", (config.horizon,), torch.float32),
        )

    def widening(self, age: Tensor, horizon: int) -> Tensor:
        """Log width ``[M, 1, F]`` that an ``age`` ``[M]``, in steps read, adds on both sides."""
        return self._by_step(self.lives(age)[:, None] * self.cold_start_widening, horizon)[:, None]

    def lives(self, age: Tensor) -> Tensor:
        """Half-lives over ``age``, what ``cold_start_widening`` is multiplied by, up to a bound."""
        return self.half_life / age.clamp_min(self.half_life * _YOUNGEST)

    def stretch(self, raw: Tensor, own: Tensor, age: Tensor) -> Tensor:
        """Quantiles ``[M, F, Q]`` with the offsets of the network, of ``age`` and a series' ``own`` ``[M, 2, S]``."""
        horizon = raw.shape[1]
        return self._widened(raw, self._by_step(self.conformal_offsets + own, horizon) + self.widening(age, horizon))

    def stretch_past(self, raw: Tensor, own: Tensor, origins: Tensor, age: Tensor) -> Tensor:
        """The same for hindcasts from ``origins``, as ``expected`` takes them: rows in sample need other offsets."""
        horizon = raw.shape[1]
        return self._widened(raw, self.expected(origins, horizon, age) + self._by_step(own, horizon))

    def expected(self, origins: Tensor, horizon: int, age: Tensor) -> Tensor:
        """The offsets ``[M, 2, F]`` of an average series at each step ahead of ``origins`` ``[M]`` (time indices).

        age: ``[M]``, of the series then.
        """
        ahead = origins[:, None] + 1 + torch.arange(horizon, device=origins.device)
        in_sample = (ahead < self.in_sample_until)[:, None]
        by_step = self._by_step(self.in_sample_offsets, horizon), self._by_step(self.conformal_offsets, horizon)
        found = torch.where(in_sample, *by_step)
        return found + self.widening(age, horizon)

    def _by_step(self, offsets: Tensor, horizon: int) -> Tensor:
        return offsets.repeat_interleave(self.segment_length, dim=-1)[..., :horizon]

    def _widened(self, raw: Tensor, offsets: Tensor) -> Tensor:
        """``offsets``: ``[M, 2, F]``."""
        below, above = torch.exp(offsets)[..., None].unbind(1)
        centre = raw[..., self.middle : self.middle + 1]
        away = raw - centre
        stretched = torch.cat([away[..., : self.middle] * below, away[..., self.middle :] * above], dim=-1)
        return centre + stretched

    def needed(self, raw: Tensor, truth: Tensor) -> Tensor:
        """The stretch s of each side at which the outermost quantile would have held, ``[M, 2, F]``; NaN unknown."""
        distance = truth - raw[..., self.middle]
        below = distance.neg() / (raw[..., self.middle] - raw[..., 0]).clamp_min(1e-9)
        above = distance / (raw[..., -1] - raw[..., self.middle]).clamp_min(1e-9)
        return torch.stack([below, above], dim=1).clamp(1e-4, 1e4).log()

    def follow(self, excess: Tensor, own: Tensor) -> Tensor:
        """Own margins before and after each update, ``[B, A + 1, 2, S]``.

        excess: ``[B, A, 2, F]``, what was ``needed`` above what was ``expected``; NaN where nothing matured.
        own: ``[B, 2, S]`` so far.
        """
        padding = -excess.shape[-1] % self.segment_length
        segments = functional.pad(excess, (0, padding), value=torch.nan).unflatten(-1, (-1, self.segment_length))
        count = (~segments.isnan()).sum(-1)
        weight = torch.where(count > 0, self.rate / count.clamp_min(1), 0.0)
        promised = torch.where(count > 0, self.rate * self.aims.to(excess.device), 0.0)
        segments = segments.nan_to_num(nan=-1e4) / SOFT
        passed = [own]
        for update in range(excess.shape[1]):
            missed = torch.sigmoid(segments[:, update] - own[..., None] / SOFT).sum(-1)
            own = own + missed * weight[:, update] - promised[:, update]
            passed.append(own)
        return torch.stack(passed, dim=1)

    def normal_scores(self, quantiles: Tensor, truth: Tensor) -> Tensor:
        """Where a standard normal variable would stand that fell as ``truth`` ``[M, F]`` fell; NaN stays NaN.

        Linear between the quantiles ``[M, F, Q]``, each of which stands at the normal's own quantile.
        """
        normal = torch.special.ndtri(torch.tensor(self.levels, dtype=torch.float64, device=truth.device)).float()
        right = (truth[..., None] > quantiles).sum(-1).clamp(1, len(self.levels) - 1)[..., None]
        low, high = quantiles.gather(-1, right - 1)[..., 0], quantiles.gather(-1, right)[..., 0]
        step = (normal[1:] - normal[:-1])[right[..., 0] - 1]
        scores = normal[right[..., 0] - 1] + step * (truth - low) / (high - low).clamp_min(1e-9)
        kept: Tensor = scores.clamp(-_FAR, _FAR)
        return kept

    def recall(self, scores: Tensor, own: Tensor) -> Tensor:
        """A series' own autocorrelation ``[B, F]`` after its update. ``scores``: ``[B, A, F]``, NaN unknown."""
        found = autocorrelation(scores)
        known = (found[..., 0] > 0).long()
        since = known.sum(1, keepdim=True) - known.cumsum(1)
        weight = known * _RECENT * (1.0 - _RECENT) ** since
        fading = (1.0 - _RECENT) ** known.sum(1, keepdim=True)
        return own * fading + torch.einsum("bt,btf->bf", weight, found - self.autocorrelation)


def autocorrelation(scores: Tensor) -> Tensor:
    """Correlation of each sequence ``[..., F]`` with itself at every distance, about zero; all 0 where it has none.

    Each distance is a mean over the pairs that were observed. What is half unknown or never moved has none.
    """
    length = scores.shape[-1]
    seen = ~scores.isnan()
    values = scores.nan_to_num().double()
    spectrum = torch.fft.rfft(values, 2 * length).abs().square()
    pairs = torch.fft.irfft(torch.fft.rfft(seen.double(), 2 * length).abs().square(), 2 * length)[..., :length]
    products = torch.fft.irfft(spectrum, 2 * length)[..., :length] / pairs.clamp_min(1.0)
    power = products[..., :1]
    usable = (power > 1e-6) & (seen.sum(-1, keepdim=True) * 2 > length)
    found = torch.where(usable, products / power.clamp_min(1e-6), 0.0)
    return found.float()
