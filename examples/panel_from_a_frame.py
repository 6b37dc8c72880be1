"""Many series at once, from a pandas frame to the service and back into a frame, as CSV over HTTP.

make serve                                  # in another terminal
python examples/panel_from_a_frame.py
"""

import io
import os

import httpx
import numpy as np
import pandas as pd

SERVER = os.environ.get("STATECAST_URL", "http://127.0.0.1:8000")


def panel() -> pd.DataFrame:
    """Make a long table: three shops, eight weeks of days each."""
    days = pd.date_range("2026-01-05", periods=56, freq="D", tz="UTC")
    draw = np.random.default_rng(0)
    shops = [
        pd.DataFrame({
            "item_id": shop,
            "timestamp": days,
            "target": level + 0.3 * level * (days.dayofweek >= 5) + draw.normal(0, level / 20, len(days)),
        })
        for shop, level in {"harbour": 120.0, "market": 80.0, "station": 300.0}.items()
    ]  # fmt: skip
    return pd.concat(shops, ignore_index=True)


def main() -> None:
    """Send the frame, print next week's total of each shop with its 80 % interval per day."""
    answer = httpx.post(
        f"{SERVER}/forecast",
        params={"horizon": 7, "freq": "1d", "quantile_levels": "0.1,0.9"},
        content=panel().to_csv(index=False),
        headers={"Content-Type": "text/csv", "Accept": "text/csv"},
        timeout=30,
    )
    forecast = pd.read_csv(io.StringIO(answer.raise_for_status().text), parse_dates=["timestamp"])
    print(forecast.round(1).to_string(index=False))
    print(forecast.groupby("item_id")["mean"].sum().round(0).to_string())


if __name__ == "__main__":
    main()
