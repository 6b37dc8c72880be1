"""Scenario paths, drawn from forecasts."""

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from service.engine.state_cache import tensor_of
from service.scheduling.scenario_queue import ScenarioTask
from statecast.models.scenarios import Scenarios


class ScenarioRunner:
    """Draws paths on a device; see ``ScenarioBackend``.

    Parameters
    ----------
    device : str
        ``cpu`` or ``cuda``.
    """

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)

    def begin(self, task: ScenarioTask, rows: slice) -> Iterator[object]:
        """Prepare to draw the paths of some rows; see ``ScenarioBackend.begin``."""
        scenarios = Scenarios(
            tensor_of(task.quantiles[rows], self._device),
            tensor_of(task.mean[rows], self._device),
            task.levels,
            tensor_of(task.autocorrelation[rows], self._device),
            task.exponents,
        )
        return scenarios.draw(task.samples, task.seed[rows], task.temperature)

    def draw(self, blocks: Iterator[object]) -> NDArray[np.float64]:
        """Draw the next block; see ``ScenarioBackend.draw``."""
        with torch.inference_mode():
            return cast(Tensor, next(blocks)).cpu().numpy()
