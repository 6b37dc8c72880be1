"""From a table to your own model behind HTTP: fit, start a server, ask it by name.

python examples/fit_and_serve.py
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
from served import served

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "examples" / "data" / "passengers.csv"


def main() -> None:
    """Train for a few seconds on airline passengers, serve the artifact, forecast the year after."""
    with tempfile.TemporaryDirectory() as folder:
        fit = [sys.executable, "-m", "training", "fit", "--data", TABLE, "--freq", "1mo", "--horizon", "12"]
        subprocess.run([*fit, "--steps", "40", "--out", f"{folder}/artifacts/passengers"], cwd=ROOT, check=True)

        with served(STATECAST_ARTIFACTS=f"{folder}/artifacts", STATECAST_STATE_URL="memory://") as (server, _):
            model = httpx.get(f"{server}/models/passengers").json()
            print(f"serving {model['name']}@{model['version']}, {model['freq']}, up to {model['horizon']} steps")
            answer = httpx.post(
                f"{server}/forecast",
                params={"model": "passengers", "horizon": 12},
                content=TABLE.read_bytes(),
                headers={"Content-Type": "text/csv", "Accept": "application/json"},
                timeout=30,
            )
            forecast = answer.raise_for_status().json()["forecasts"][0]
            print("from", forecast["start"], [round(value) for value in forecast["mean"]])


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
