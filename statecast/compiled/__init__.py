"""Steps and forecasts as compiled code, for the networks that it covers; the eager network is reference and fallback.

A forecaster in torch calls a thousand operators for one observation, though it needs six matrix products. Here one
observation of any number of series, and a forecast, is one call each: written as the mathematics it is, a row at a
time, and compiled by numba, which is optional (``pip install 'statecast[compiled]'``). Nothing of a network is
compiled in: one compilation serves every season, horizon and width. States are the eager network's.

``python -m statecast.compiled warm`` compiles ahead of time; ``compile_network`` gives the compiled form of a network;
``slot_network`` gives what a server calls: the network on rows of a cache, compiled or not.
"""

from torch import nn

from statecast.compiled.build import is_built
from statecast.compiled.coverage import uncovered
from statecast.graphed import GraphedSlots
from statecast.models.eager_slots import EagerSlots
from statecast.models.interface import SeriesNetwork
from statecast.models.slot_network import SlotNetwork

__all__ = ["compile_network", "is_built", "slot_network", "uncovered"]


def compile_network(network: nn.Module, threads: int | None = None) -> SeriesNetwork | None:
    """Give the compiled form of a network, which shares its states.

    The first call on a machine compiles, for a minute or so, unless ``python -m statecast.compiled warm`` did.

    Parameters
    ----------
    network : nn.Module
        What an artifact loads; its weights are copied.
    threads : int, optional
        That share a call of many rows, at most: as many as torch uses on the calling thread, if none is given. Results
        are the same to the bit, however many they are.

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
    return CompiledForecaster(network, threads)


def slot_network(network: SeriesNetwork) -> SlotNetwork:
    """Give a network on the rows of a cache, which it reads and writes where they lie.

    Parameters
    ----------
    network : SeriesNetwork
        Any, on any device; what ``compile_network`` gave runs compiled, on a GPU steps and forecasts are replayed.

    Returns
    -------
    SlotNetwork
        Of the same states.
    """
    if any(weight.is_cuda for weight in network.parameters()):
        return GraphedSlots(network)
    return getattr(network, "slots", None) or EagerSlots(network)
