"""Steps and forecasts as compiled code, for the networks that it covers; the eager network is reference and fallback.

A forecaster in torch calls a thousand operators for one observation, though it needs six matrix products. Here one
observation of any number of series, and a forecast, is one call each: written as the mathematics it is, a row at a
time, and compiled by numba, which is optional (``pip install 'statecast[compiled]'``). Nothing of a network is
compiled in: one compilation serves every season, horizon and width. States are the eager network's.

``python -m statecast.compiled warm`` compiles ahead of time; ``compile_network`` gives the compiled form of a network.
"""

from torch import nn

from statecast.compiled.build import is_built
from statecast.compiled.coverage import uncovered
from statecast.models.interface import SeriesNetwork

__all__ = ["compile_network", "is_built", "uncovered"]


def compile_network(network: nn.Module) -> SeriesNetwork | None:
    """Give the compiled form of a network, which shares its states.

    The first call on a machine compiles, for a minute or so, unless ``python -m statecast.compiled warm`` did.

    Parameters
    ----------
    network : nn.Module
        What an artifact loads; its weights are copied.

    Returns
    -------
    SeriesNetwork or None
        A ``CompiledForecaster``; None where ``uncovered`` says why there is none.
    """
    if uncovered(network) is not None:
        return None
    from statecast.compiled.forecaster import CompiledForecaster
    from statecast.models.forecaster import Forecaster

    assert isinstance(network, Forecaster)
    return CompiledForecaster(network)
