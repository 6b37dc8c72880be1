"""Paths of series, drawn from states that forecasts branched off."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from service.engine.slab import tensor_of
from service.jobs import Floats
from statecast.artifact import Artifact
from statecast.paths import Scenarios
from statecast.series import SeriesNetwork
from statecast.state import State


class Paths:
    """Draws paths with any of the models.

    artifacts: by digest.  pause: called between two parts of the work, so that long paths hold nobody up; what it
    raises ends the drawing.
    """

    def __init__(self, artifacts: Mapping[str, Artifact], pause: Callable[[], None]) -> None:
        self._artifacts, self._pause = artifacts, pause

    def draw(
        self,
        model: str,
        states: Sequence[object],
        future: Floats,
        samples: int,
        seed: NDArray[np.int64],
        temperature: float,
    ) -> NDArray[np.float64]:
        """Draw ``[B, samples, H]`` for series whose states together have B rows.

        future: ``[B, H, Ck]``.  seed: ``[B]``.
        """
        network = self._artifacts[model].forecaster
        device = next(network.parameters()).device
        with torch.inference_mode():
            state = State(network.spec, torch.cat(cast(Any, states)))
            pausing = cast(SeriesNetwork, _Pausing(network, self._pause))
            scenarios = Scenarios.of(pausing, state, tensor_of(future, device))
            parts = []
            for drawn in scenarios.draw(samples, seed, temperature):
                parts.append(drawn.cpu().numpy())
                self._pause()
            return np.concatenate(parts, axis=2)


class _Pausing:
    """A network that lets others have their turn before it goes on past its horizon."""

    def __init__(self, network: SeriesNetwork, pause: Callable[[], None]) -> None:
        self.config = network.config
        self.decode = network.decode
        self.autocorrelation = network.autocorrelation
        self._network, self._pause = network, pause

    def prime(self, *arguments: Any) -> State:
        """Advance, as the network does."""
        self._pause()
        return self._network.prime(*arguments)
