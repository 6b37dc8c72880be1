"""Runs an exported graph on one series, as a device does: the state of a step goes into the next."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from statecast.config import ForecasterConfig
from training.edge.graph.step import new_state


class OnnxSession:
    """One series on an exported graph.

    Parameters
    ----------
    path : Path
        File ``model.onnx``.
    config : ForecasterConfig
        Of the network that it was made of.
    """

    def __init__(self, path: Path, config: ForecasterConfig) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._names = [one.name for one in self._session.get_outputs()]
        self._state: dict[str, NDArray[Any]] = new_state(config, 1)
        self._quantiles: NDArray[np.float64] = np.empty((0, 0))

    def step(self, value: float) -> None:
        """Read one value, NaN where it is missing.

        Parameters
        ----------
        value : float
            In the target's unit.
        """
        found = dict(
            zip(self._names, self._session.run(None, {"value": np.asarray([value]), **self._state}), strict=True)
        )
        self._quantiles = found.pop("quantiles")[0]
        self._state = {name.removeprefix("next_"): one for name, one in found.items()}

    def forecast(self) -> NDArray[np.float64]:
        """Forecast after the last value.

        Returns
        -------
        array
            Quantiles ``[F, Q]`` in the target's unit.
        """
        return self._quantiles
