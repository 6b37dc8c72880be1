"""Attention over what the state keeps: the resolutions' hidden vectors, and the naive forecasts.

Both ask one question per horizon segment, so that the weights can be read: which resolution and which naive forecast
drive which part of the horizon.
"""

import torch
from torch import Tensor, nn


class ResolutionAttention(nn.Module):
    """Scaled dot-product attention of horizon segments over resolutions, one head.

    Parameters
    ----------
    width : int
        Width of hidden vectors, D.
    segments : int
        Horizon segments, S.
    resolutions : int
        How many there are, R.

    Attributes
    ----------
    active : Tensor
        ``[R]`` bool, False for one that is switched off and has no share; the finest is always active.

    References
    ----------
    Vaswani, A. et al. (2017). Attention is all you need. NeurIPS.
    """

    active: Tensor

    def __init__(self, width: int, segments: int, resolutions: int) -> None:
        super().__init__()
        self.segments = nn.Parameter(torch.randn(segments, width) * 0.1)
        self.query = nn.Linear(width, width)
        self.keys = nn.ModuleList(nn.Linear(width, width) for _ in range(resolutions))
        self.values = nn.ModuleList(nn.Linear(width + (index > 0), width) for index in range(resolutions))
        self.register_buffer("active", torch.ones(resolutions, dtype=torch.bool))
        # Coarse ones say nothing at first: noise in the mix taught the finest to be drowned out (0.02 of OWA on M4).
        for parameter in self.values[1:].parameters():
            nn.init.zeros_(parameter)

    def forward(self, states: list[Tensor], ages: list[Tensor], segments: int | None = None) -> tuple[Tensor, Tensor]:
        """Mix the resolutions' hidden vectors per horizon segment.

        Parameters
        ----------
        states : list of Tensor
            ``[M, D]`` per resolution.
        ages : list of Tensor
            ``[M]`` per coarse resolution, the share of the next bucket that has passed since its last.
        segments : int or None
            How many of the first segments; None for all.

        Returns
        -------
        tuple of Tensor
            ``[M, S, D]``, and the weights ``[M, S, R]``, which sum to 1 over R.
        """
        asking = self.segments[:segments]
        query = asking + self.query(states[0])[:, None]
        keys = torch.stack([key(state) for key, state in zip(self.keys, states, strict=True)], dim=1)
        dated = [states[0], *(torch.cat([s, a[:, None]], dim=1) for s, a in zip(states[1:], ages, strict=True))]
        values = torch.stack([value(state) for value, state in zip(self.values, dated, strict=True)], dim=1)
        scores = query @ keys.transpose(1, 2) / query.shape[-1] ** 0.5
        weights = torch.softmax(scores.masked_fill(~self.active, -torch.inf), dim=-1)
        return asking + weights @ values, weights


class NaiveForecastAttention(nn.Module):
    """Which naive forecasts to trust on each horizon segment.

    Parameters
    ----------
    width : int
        Width of the context, D.
    count : int
        How many naive forecasts there are, E.
    """

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, count)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)

    def forward(self, context: Tensor, forecasts: Tensor) -> tuple[Tensor, Tensor]:
        """Mix naive forecasts.

        Parameters
        ----------
        context : Tensor
            ``[M, S, D]``.
        forecasts : Tensor
            ``[M, S, L, E]`` in units of scale.

        Returns
        -------
        tuple of Tensor
            ``[M, S, L]``, and the weights ``[M, S, E]``, which sum to 1 over E.
        """
        weights = torch.softmax(self.score(context), dim=-1)
        return (forecasts @ weights[..., None])[..., 0], weights
