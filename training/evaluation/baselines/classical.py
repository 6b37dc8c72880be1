"""Classical models, one per series: statsforecast's AutoETS and AutoTheta, baselines if that is installed."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.baselines.naive import SeasonalNaive, Task, fill_seasonal

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """One of statsforecast's automatic models, with a rough estimate of its costs.

    The estimates were measured on one core of 2.6 GHz. They only separate minutes from hours, and are the same on every
    machine.
    """

    title: str
    """Name of its class."""
    fitting: Callable[[float, int], float]
    """Seconds of one fit, from the number of rows and the season."""
    stepping: Callable[[float], float]
    """Seconds of a forecast from one origin, from the number of rows."""


KINDS = (
    Kind("AutoETS", lambda rows, season: (0.4 if season > 12 else 0.04) + 1.5e-4 * rows, lambda rows: 6e-8 * rows),
    Kind("AutoTheta", lambda rows, _: 0.005 + 1.1e-7 * rows**2, lambda rows: 2e-4 + 1e-9 * rows**2),
)


def installed() -> bool:
    """Look for statsforecast, which is an extra.

    Returns
    -------
    bool
        Whether it is installed.
    """
    return find_spec("statsforecast") is not None


class Statistical:
    """A model chosen and fitted for every item on its rows before the test, then carried over the test as it is.

    Where it cannot be fitted, as on a handful of values, the last season is repeated, as statsforecast itself does.

    Parameters
    ----------
    kind : Kind
        Which model.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = kind.title.replace("Auto", "auto_").lower()

    def seconds(self, task: Task) -> float:
        """Estimate how long fitting and forecasting from every test origin takes.

        Parameters
        ----------
        task : Task
            The panel, its borders, season and horizon.

        Returns
        -------
        float
            Seconds.
        """
        split = task.split
        lives = split.val - np.asarray([item.first for item in task.panel.items])
        counts = np.maximum(split.test - split.val - task.horizon + 1, 0)
        return float(
            sum(
                self.kind.fitting(life, task.season) + count * self.kind.stepping(life)
                for life, count in zip(lives.tolist(), counts.tolist(), strict=True)
                if count
            )
        )

    def fit(self, task: Task) -> None:
        """Fit a model for each item that is tested, see ``Baseline.fit``."""
        self._task = task
        self._naive = SeasonalNaive()
        self._naive.fit(task)
        self._models: list[Any] = []
        for index, end in enumerate(task.split.val.tolist()):
            tested = task.split.test[index] - end >= task.horizon
            self._models.append(self._fitted(self._values(index, end)) if tested else None)

    def forecast(self, index: int, origins: Rows) -> Array:
        """Forecast with the item's own model from all values up to each origin, see ``Baseline.forecast``."""
        forecasts = self._naive.forecast(index, origins)
        model = self._models[index]
        if model is None:
            return forecasts
        for at, origin in enumerate(origins.tolist()):
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                ahead = model.forward(y=self._values(index, origin + 1), h=self._task.horizon)["mean"]
            if np.isfinite(ahead).all():
                forecasts[at] = ahead
        return forecasts

    def _values(self, index: int, end: int) -> Array:
        first = self._task.panel.items[index].first
        return fill_seasonal(self._task.values(index)[first:end], self._task.season)

    def _fitted(self, values: Array) -> Any:
        from statsforecast import models  # an extra, and slow to import

        make: Any = getattr(models, self.kind.title)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return make(season_length=self._task.season).fit(values)
        except Exception:  # too few values, or constant ones: refused by errors of many kinds
            return None
