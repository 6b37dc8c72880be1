"""Attention over the features of one series at one step: which of its inputs the forecast turns to now.

A feature is the target itself, each past and each future covariate by its name, and the calendar. The other variables
of a system are past covariates, so that attention across them breaks no law: no row knows its neighbours.
"""

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.time.features import calendar_width


class FeatureAttention(nn.Module):
    """Scaled dot-product attention over features, one head.

    Each feature's last P steps become a key and a value by linear maps of their own; the hidden vector asks.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    Attributes
    ----------
    names : tuple of str
        Names of the features, in the order of the weights.

    Raises
    ------
    ConfigError
        If there is no past or future covariate, or one is named as the target, the calendar or another.

    References
    ----------
    Vaswani, A. et al. (2017). Attention is all you need. NeurIPS.
    Liu, Y. et al. (2024). iTransformer: inverted transformers are effective for time series forecasting. ICLR.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        covariates = (*config.past_covariates, *config.future_covariates)
        if not covariates:
            raise ConfigError(
                "feature_attention: expected a past or a future covariate to attend to, got none; name columns with "
                "--past or --future (past and future under [data] in a config), or set feature_attention = false"
            )
        columns = calendar_width(config.calendar)
        self.names = ("target", *(one.name for one in covariates), *(("calendar",) if columns else ()))
        if len(set(self.names)) < len(self.names):
            raise ConfigError(
                f"feature_attention: expected features of unlike names, got {', '.join(self.names)}; rename a covariate"
            )
        period, width = config.patch_length, config.width
        self.sizes = [period * one.width for one in covariates]
        inputs = [2 * period, *self.sizes, *([columns] if columns else [])]
        self.query = nn.Linear(width, width)
        self.keys = nn.ModuleList(nn.Linear(size, width) for size in inputs)
        self.values = nn.ModuleList(nn.Linear(size, width) for size in inputs)

    def forward(self, hidden: Tensor, patch: Tensor, covariates: Tensor, calendar: Tensor) -> tuple[Tensor, Tensor]:
        """Attend to features.

        Parameters
        ----------
        hidden : Tensor
            ``[..., D]``, which asks.
        patch : Tensor
            ``[..., P]`` scaled target, NaN where missing.
        covariates : Tensor
            ``[..., P * Cu]``, all steps of a column together.
        calendar : Tensor
            ``[..., Ca]`` at the step.

        Returns
        -------
        tuple of Tensor
            ``[..., D]`` and the weights ``[..., N]`` over features, which sum to 1.
        """
        target = torch.cat([patch.nan_to_num(), (~patch.isnan()).float()], dim=-1)
        features = [target, *covariates.split(self.sizes, dim=-1), *([calendar] if calendar.shape[-1] else [])]
        keys = torch.stack([key(one) for key, one in zip(self.keys, features, strict=True)], dim=-2)
        values = torch.stack([value(one) for value, one in zip(self.values, features, strict=True)], dim=-2)
        scores = (keys @ self.query(hidden)[..., None])[..., 0] / hidden.shape[-1] ** 0.5
        weights = torch.softmax(scores, dim=-1)
        return (weights[..., None, :] @ values)[..., 0, :], weights
