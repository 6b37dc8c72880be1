"""NeuralForecast's LSTM and NHITS on the same rows, as a peer would use them with few changes; an extra, ``peers``."""

import logging
import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from training.evaluation.baselines.naive import Task, fill_seasonal

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
NAMES = ("LSTM", "NHITS")


def installed() -> bool:
    """Whether NeuralForecast is installed."""
    return find_spec("neuralforecast") is not None


class Neural:
    """One NeuralForecast model over all series: trained on rows before the test, forecasting from every test origin.

    Steps and widths are modest, as are our own budgets; the absolute error is what it lowers.
    """

    def __init__(self, title: str, seed: int = 0) -> None:
        self.title, self.seed = title, seed
        self.name = f"neuralforecast {title}"

    def fit(self, task: Task) -> None:
        """Train, and forecast from all test origins at once, which is how the package offers it.

        Raises
        ------
        ValueError
            If the items' tests are not equally long.
        """
        lengths = np.unique(task.split.test - task.split.val)
        if lengths.size > 1:
            raise ValueError(f"{self.name} expects equally long tests, got {lengths.min()} to {lengths.max()} rows")
        self._begin = task.split.val - 1
        frames = []
        for index, (item, end) in enumerate(zip(task.panel.items, task.split.test.tolist(), strict=True)):
            values = fill_seasonal(task.values(index)[item.first : end], task.season)
            frames.append(pd.DataFrame({"unique_id": index, "ds": np.arange(item.first, end), "y": values}))
        self._forecasts = self._run(pd.concat(frames), task, int(lengths[0]))

    def forecast(self, index: int, origins: Rows) -> Array:
        """What it forecast from these origins."""
        forecasts: Array = self._forecasts[index, origins - self._begin[index]]
        return forecasts

    def _run(self, frame: pd.DataFrame, task: Task, test: int) -> Array:
        from neuralforecast import NeuralForecast
        from neuralforecast.losses.pytorch import MAE
        from neuralforecast.models import LSTM, NHITS

        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
        horizon = task.horizon
        shared = {
            "h": horizon,
            "input_size": max(2 * horizon, 2 * task.season),
            "loss": MAE(),
            "scaler_type": "robust",
            "random_seed": self.seed,
            "start_padding_enabled": True,
            "inference_windows_batch_size": 256,
            "accelerator": "cpu",
            "devices": 1,
            "logger": False,
            "enable_progress_bar": False,
            "enable_checkpointing": False,
            "enable_model_summary": False,
        }
        makers: dict[str, Any] = {
            "LSTM": lambda: LSTM(encoder_hidden_size=64, decoder_hidden_size=64, max_steps=500, **shared),
            "NHITS": lambda: NHITS(max_steps=1000, **shared),
        }
        threads = torch.get_num_threads()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = NeuralForecast(models=[makers[self.title]()], freq=1)
            table = network.cross_validation(
                frame, n_windows=None, val_size=0, test_size=test, step_size=1, refit=False
            )
        torch.set_num_threads(threads)
        table = table.reset_index().sort_values(["unique_id", "cutoff", "ds"])
        forecasts: Array = table[self.title].to_numpy(dtype=np.float64)
        return forecasts.reshape(len(task.panel.items), test - horizon + 1, horizon)
