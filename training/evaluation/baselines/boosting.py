"""Histogram gradient boosting on lags: scikit-learn's best off the shelf, as a baseline."""

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from training.evaluation.baselines.naive import Task, fill_seasonal
from training.evaluation.baselines.seasonality import seasonal_lags

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
_BLOCK = 400_000  # rows of features at once: about 40 MB


class Boosting:
    """One tree ensemble for all items and steps: the step ahead is a feature, values are relative to the last season.

    Features of a step: its number, the value one, two and seven seasons before it, the last value, the difference of
    the last seven seasons' level, the spread, and the place within the season and seven of them.

    Parameters
    ----------
    examples : int
        About how many examples to learn from, of all items together.
    seed : int
        Seed of the examples and of the trees.
    """

    name = "boosting"

    def __init__(self, examples: int = 30_000, seed: int = 0) -> None:
        self.examples = examples
        self.seed = seed

    def seconds(self, task: Task) -> float:
        """Estimate how long forecasting from every test origin takes: 2 µs per value on one core of 2.6 GHz.

        Parameters
        ----------
        task : Task
            The panel, its borders, season and horizon.

        Returns
        -------
        float
            Seconds.
        """
        origins = np.maximum(task.split.test - task.split.val - task.horizon + 1, 0)
        return 2e-6 * float(origins.sum()) * task.horizon

    def fit(self, task: Task) -> None:
        """Learn from random origins and steps of the training rows; without enough of them, forecast nothing.

        See ``Baseline.fit``.
        """
        self._task, self._model = task, None
        items, ends = task.panel.items, task.split.train.tolist()
        generator = np.random.default_rng(self.seed)
        lives = np.asarray([max(end - item.first, 0) for item, end in zip(items, ends, strict=True)])
        features, truths = [], []
        for index, (item, end, life) in enumerate(zip(items, ends, lives.tolist(), strict=True)):
            begin = item.first + min(7 * task.season, life // 2)
            if end - begin < 2:
                continue
            count = max(int(self.examples * life / lives.sum()), 1)
            origins = generator.integers(begin, end - 1, size=count)
            steps = generator.integers(0, np.minimum(task.horizon, end - 1 - origins))
            table, level, unit = self._features(index, origins, steps)
            truth = (item.target[origins + 1 + steps].astype(np.float64) - level) / unit
            known = ~np.isnan(truth)
            features.append(table[known])
            truths.append(np.clip(truth[known], -20.0, 20.0))
        if sum(map(len, truths)) < 50:
            return
        model = HistGradientBoostingRegressor(
            loss="absolute_error", max_iter=80, max_leaf_nodes=31, learning_rate=0.1, random_state=self.seed
        )
        table = np.concatenate(features)
        # In short lives no example reaches seven seasons back.
        self._columns = ~np.isnan(table).all(axis=0)
        self._model = model.fit(table[:, self._columns], np.concatenate(truths))

    def forecast(self, index: int, origins: Rows) -> Array:
        """Forecast in blocks of bounded memory; NaN where there was too little to learn from.

        See ``Baseline.forecast``.
        """
        horizon = self._task.horizon
        if self._model is None:
            return np.full((origins.size, horizon), np.nan)
        parts = []
        size = max(_BLOCK // horizon, 1)
        for begin in range(0, origins.size, size):
            block = origins[begin : begin + size]
            table, level, unit = self._features(
                index, np.repeat(block, horizon), np.tile(np.arange(horizon), block.size)
            )
            parts.append((self._model.predict(table[:, self._columns]) * unit + level).reshape(-1, horizon))
        return np.concatenate(parts)

    def _features(self, index: int, origins: Rows, steps: Rows) -> tuple[Array, Array, Array]:
        item, season = self._task.panel.items[index], self._task.season
        first, values = item.first, fill_seasonal(self._task.values(index), season)
        sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
        squares = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values) ** 2)])

        def mean(of: Array, seasons: int) -> Array:
            begin = np.maximum(origins + 1 - seasons * season, first)
            average: Array = (of[origins + 1] - of[begin]) / (origins + 1 - begin)
            return average

        level, week = mean(sums, max(1, -(-4 // season))), mean(sums, 7)
        spread = np.sqrt(np.maximum(mean(squares, 7) - week**2, 0.0))
        unit = np.where(spread > 0, spread, 1.0)
        lags = seasonal_lags(int(steps.max(initial=0)) + 1, season)[steps]
        columns = [steps.astype(np.float64)]
        for seasons in (0, 1, 6):
            rows = origins + lags - seasons * season
            columns.append(np.where(rows >= first, (values[np.maximum(rows, 0)] - level) / unit, np.nan))
        columns += [(values[origins] - level) / unit, (week - level) / unit, np.log(unit)]
        clock = item.clock + origins + 1 + steps
        columns += [(clock % season).astype(np.float64), (clock // season % 7).astype(np.float64)]
        return np.stack(columns, axis=1), level, unit
