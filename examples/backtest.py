"""How good is a model on your series? Forecasts from many origins of the past, judged beside the seasonal naive.

python examples/backtest.py
"""

import csv
from pathlib import Path

import numpy as np

import statecast
from statecast import metrics

ROOT = Path(__file__).parents[1]
HORIZON, SEASON, ORIGINS = 12, 12, range(84, 133, 12)


def main() -> None:
    """Judge the default model at five origins, a year apart, on airline passengers."""
    with open(ROOT / "examples" / "data" / "passengers.csv") as file:
        rows = list(csv.DictReader(file))
    values = np.array([float(row["target"]) for row in rows])
    model = statecast.load(ROOT / "artifacts" / "default")
    names = ("mase", "smape", "coverage")
    sums = {who: {name: metrics.get(name).initial() for name in names} for who in ("statecast", "seasonal naive")}

    for origin in ORIGINS:
        history, actual = values[:origin], values[None, origin : origin + HORIZON]
        forecast = model.forecast(history, HORIZON, freq="1mo", start=rows[0]["timestamp"])
        interval = np.stack([forecast.quantiles[0.1], forecast.quantiles[0.9]], axis=-1)[None]
        error = np.abs(history[SEASON:] - history[:-SEASON]).mean()
        batches = {
            "statecast": metrics.ForecastBatch(
                actual, forecast.quantiles[0.5][None], quantiles=interval, levels=(0.1, 0.9), seasonal_error=error
            ),
            "seasonal naive": metrics.ForecastBatch(actual, history[None, -SEASON:], seasonal_error=error),
        }
        for who, batch in batches.items():
            for name in names if who == "statecast" else names[:2]:
                sums[who][name] = metrics.get(name).update(sums[who][name], batch)

    for who, states in sums.items():
        shown = [f"{name} {float(metrics.get(name).value(state)):.3f}" for name, state in states.items() if state[-1]]
        print(f"{who}, {len(ORIGINS)} origins: {', '.join(shown)}")


if __name__ == "__main__":
    main()
