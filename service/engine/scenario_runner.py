"""Paths of series, drawn from states that forecasts branched off."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from service.engine.model_pool import ModelPool
from service.engine.pausing import pausing
from service.engine.state_cache import tensor_of
from service.scheduling.job import Floats
from statecast.models.scenarios import Scenarios
from statecast.state.state import State


class ScenarioRunner:
    """Draws paths with any of the models.

    pause: called between two parts of the work, so that long paths hold nobody up; what it raises ends the drawing.
    """

    def __init__(self, networks: ModelPool, pause: Callable[[], None]) -> None:
        self._networks, self._pause = networks, pause

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
        place = self._networks.of(model)
        network, device = place.network, place.slab.device
        with torch.inference_mode():
            state = State(network.spec, torch.cat(cast(Any, states)))
            scenarios = Scenarios.of(pausing(network, self._pause), state, tensor_of(future, device))
            parts = []
            for drawn in scenarios.draw(samples, seed, temperature):
                parts.append(drawn.cpu().numpy())
                self._pause()
            return np.concatenate(parts, axis=2)
