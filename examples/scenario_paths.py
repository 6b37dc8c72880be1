"""Scenario paths say what quantiles cannot: how likely it is that the next day passes a limit in total.

make serve                                  # in another terminal
python examples/scenario_paths.py
"""

import os
from math import pi, sin

import httpx
import numpy as np

SERVER = os.environ.get("STATECAST_URL", "http://127.0.0.1:8000")
LIMIT = 1950.0


def main() -> None:
    """Draw 500 days after two weeks of hours; sums over whole days, which single quantiles cannot give."""
    draw = np.random.default_rng(3)
    history = [80 + 20 * sin(2 * pi * hour / 24) + draw.normal(0, 4) for hour in range(14 * 24)]
    request = {
        "series": [{"start": "2026-03-02T00:00:00Z", "freq": "1h", "target": history}],
        "horizon": 24,
        "num_samples": 500,
        "seed": 7,
        "return": ["samples"],
    }
    answer = httpx.post(f"{SERVER}/generate", json=request, timeout=60).raise_for_status().json()
    paths = np.array(answer["paths"][0]["samples"])  # [500, 24]
    totals = paths.sum(axis=1)
    print(f"{len(paths)} paths of {paths.shape[1]} hours, seed {answer['seed']}")
    print(f"tomorrow's total: {totals.mean():.0f}, between {np.quantile(totals, 0.1):.0f} and "
          f"{np.quantile(totals, 0.9):.0f} in 80 % of all paths")  # fmt: skip
    print(f"above {LIMIT:.0f} in {np.mean(totals > LIMIT):.0%} of them; the highest hour is {paths.max():.1f}")


if __name__ == "__main__":
    main()
