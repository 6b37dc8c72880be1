"""A network that lets others have their turn before it rolls on past its horizon."""

from collections.abc import Callable
from typing import Any, cast

from statecast.models.interface import SeriesNetwork
from statecast.state.state import State


class _Pausing:
    def __init__(self, network: SeriesNetwork, pause: Callable[[], None]) -> None:
        self.config = network.config
        self.decode = network.decode
        self.autocorrelation = network.autocorrelation
        self._network, self._pause = network, pause

    def prime(self, *arguments: Any) -> State:
        """Advance, as the network does."""
        self._pause()
        return self._network.prime(*arguments)


def pausing(network: SeriesNetwork, pause: Callable[[], None]) -> SeriesNetwork:
    """Give the network as ``statecast.models.scenarios`` needs it; ``pause`` comes before each further horizon."""
    return cast(SeriesNetwork, _Pausing(network, pause))
