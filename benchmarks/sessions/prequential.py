"""Test, then update: a third party's judge (preqts) drives a session, and the same network that reads all again.

    python -m benchmarks.sessions.prequential [--data ../shared/data] [--steps 1000] [--horizon 24]

preqts scores a forecast from every cut-off, then reveals the next value; its own clock times both. Three stand before
it: a session over HTTP, where one answer takes in a value and forecasts; the library, which reads the history so far
for every forecast; and preqts' seasonal naive. Session and library run the same artifact, so their scores must agree.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from preqts import PrequentialResult, ReplayAdapter, SeasonalNaive, Stream, run_prequential

import statecast
from benchmarks.accuracy.data import read_m4
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
WARM_UP = 336
"""Values before the first forecast."""
DAY = 24


class Session:
    """What preqts calls a stateful forecaster: one session of a server.

    Parameters
    ----------
    server : Server
        Running, with an empty store.
    name : str
        Id of the session.
    horizon : int
        Steps that every answer forecasts.
    """

    name = "session over HTTP"

    def __init__(self, server: Server, name: str, horizon: int) -> None:
        self._server, self._session, self._horizon = server, name, horizon

    def start(
        self,
        context: NDArray[np.float64],
        past_covariates: object = None,  # noqa: ARG002
        future_covariates: object = None,  # noqa: ARG002
    ) -> None:
        """Open the session with a history."""
        self._send(context, "open", True)

    def predict(self, horizon: int, quantile_levels: Sequence[float]) -> NDArray[np.float64]:  # noqa: ARG002
        """Give what the last answer forecast: it came with the value before."""
        return self._forecast

    def ingest(self, new_obs: NDArray[np.float64], new_covariates: object = None) -> None:  # noqa: ARG002
        """Send the next value, and take the forecast after it."""
        self._send(new_obs, "open", False)

    def _send(self, values: NDArray[np.float64], field: str, value: object) -> None:
        series = {"target": values.tolist(), "freq": "1h", "session": self._session, field: value}
        body = {"series": [series], "horizon": self._horizon, "quantile_levels": LEVELS}
        quantiles = self._server.post("/forecast", json.dumps(body).encode())["forecasts"][0]["quantiles"]
        self._forecast = np.stack([quantiles[str(level)] for level in LEVELS], axis=1)


def replay(artifact: statecast.Artifact) -> ReplayAdapter:
    """The library on the whole history of each cut-off."""

    def forecast(
        context: NDArray[np.float64],
        horizon: int,
        past: object,  # noqa: ARG001
        future: object,  # noqa: ARG001
        levels: Sequence[float],
    ) -> NDArray[np.float64]:
        found = artifact.forecast(context, horizon, freq="1h", quantile_levels=levels).quantiles
        return np.stack([found[level] for level in levels], axis=1)

    return ReplayAdapter(forecast, name="library, whole history")


def streams(data: Path, steps: int) -> list[Stream]:
    """Hourly series of several kinds, each of the warm-up and ``steps`` values after it."""
    most = WARM_UP + steps
    series = {f"M4 {item.item_id}": item.target for item in read_m4(data / "m4").items[:400:100]}
    series["ETTh1 OT"] = pd.read_csv(data / "ett" / "ETTh1.csv.gz")["OT"].to_numpy(np.float64)
    clients = pd.read_csv(data / "ltsf" / "electricity_6cols.csv.gz")
    series["electricity client 3"] = clients["3"].to_numpy(np.float64)
    series["French load"] = pd.read_csv(data / "calendar" / "load_rte.csv.gz")["y"].to_numpy(np.float64)
    return [Stream(values[:most], seasonality=DAY, name=name) for name, values in series.items()]


def describe(result: PrequentialResult) -> str:
    """A row of the table: scores, then milliseconds of one step at the begin and at the end."""
    step_ms = 1e3 * (result.predict_latency + result.ingest_latency)
    tenth = max(1, len(step_ms) // 10)
    first, last = np.median(step_ms[:tenth]), np.median(step_ms[-tenth:])
    scores = (np.nanmean(values) for values in (result.mase, result.wql, result.sql, result.coverage))
    figures = " ".join(f"{value:8.4f}" for value in scores)
    return f"{result.stream:<22} {result.model:<24} {figures} {first:8.2f} {last:8.2f}"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--horizon", type=int, default=24)
    options = parser.parse_args()
    torch.set_num_threads(1)
    artifact = statecast.load(options.artifacts / "default")
    print(describe_machine())
    print(
        f"{'stream':<22} {'model':<24}     MASE      WQL      SQL coverage  ms begin   ms end (80 % coverage is meant)"
    )
    with running_server(options.artifacts, threads=1, device="cpu") as server:
        for number, stream in enumerate(streams(options.data, options.steps)):
            session = Session(server, f"prequential-{number}", options.horizon)
            for forecaster in (session, replay(artifact), SeasonalNaive(DAY)):
                result = run_prequential(
                    forecaster, stream, horizon=options.horizon, quantile_levels=LEVELS, warmup=WARM_UP
                )
                print(describe(result), flush=True)


if __name__ == "__main__":
    main()
