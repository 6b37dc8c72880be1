"""Which networks have a compiled form, and in words why another has none. Needs neither numba nor weights."""

import importlib.util

from torch import nn

from statecast.compiled.arithmetic import CELLS
from statecast.models.forecaster import Forecaster


def uncovered(network: nn.Module) -> str | None:
    """Say why a network has no compiled form.

    Parameters
    ----------
    network : nn.Module
        Any network; its configuration, mode and kind of weights are read.

    Returns
    -------
    str or None
        The first reason found; None if it has a compiled form.

    Examples
    --------
    >>> from statecast import Forecaster, ForecasterConfig
    >>> uncovered(Forecaster(ForecasterConfig(bidirectional=True)).eval())
    'bidirectional encoder'
    """
    if not isinstance(network, Forecaster):
        return f"{type(network).__name__.lower()}, which is not one forecaster"
    config = network.config
    reasons = {
        "a network in training": network.training,
        "bidirectional encoder": config.bidirectional,
        "spatial grid": bool(config.spatial_grid),
        "attention over features": config.feature_attention,
        "attention over time": config.memory > 0,
        "resolutions whose values are given": bool(config.mixed_frequency),
        f"cell {config.cell!r}": config.cell not in CELLS,
        "weights that are not float32 on the CPU": any(
            str(weight.dtype) != "torch.float32" or weight.device.type != "cpu" for weight in network.parameters()
        ),
        "numba is not installed (pip install 'statecast[compiled]')": importlib.util.find_spec("numba") is None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
