"""The raw fields of a state row: what is kept of a series before any weight is applied."""

import torch

from statecast.config import ForecasterConfig
from statecast.state.state import Field


def history_fields(config: ForecasterConfig) -> tuple[Field, ...]:
    """Return the fields of the raw part of a state row.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    Returns
    -------
    tuple of Field
        In the order in which they lie in a row.
    """
    period = config.patch_length
    return (
        Field("time_index", (), torch.int64),
        Field("count", (), torch.int64),
        Field("offset", (), torch.float64, fill=float("nan")),
        Field("sums", (3,), torch.float64),
        Field("seasonal_error", (2,), torch.float64),
        Field("locs", (period,), torch.float64, fill=float("nan")),
        Field("scales", (period,), torch.float64),
        Field("lookback", (config.kept_length,), torch.float32, fill=float("nan")),
        Field("covariates", (period, config.past_width + config.user_known_width), torch.float32),
        Field("static", (config.static_width,), torch.float32),
    )
