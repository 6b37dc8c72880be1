"""A forecast in five lines, without a server: load a model, give it a history, read mean and quantiles.

python examples/first_forecast.py
"""

import csv
from pathlib import Path

import statecast

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Forecast a year of airline passengers with the default model, which has never seen them."""
    with open(ROOT / "examples" / "data" / "passengers.csv") as file:
        rows = list(csv.DictReader(file))
    history = [float(row["target"]) for row in rows]

    model = statecast.load(ROOT / "artifacts" / "default")
    forecast = model.forecast(history, horizon=12, freq="1mo", start=rows[0]["timestamp"])

    print("month      10 %   mean   90 %")
    for step, month in enumerate(forecast.times):
        low, high = forecast.quantiles[0.1][step], forecast.quantiles[0.9][step]
        print(f"{str(month)[:7]}  {low:6.0f} {forecast.mean[step]:6.0f} {high:6.0f}")


if __name__ == "__main__":
    main()
