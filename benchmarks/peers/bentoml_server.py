"""BentoML: batches of 64, one worker, no access log; how long they wait it adapts itself.

python -m benchmarks.peers.bentoml_server PORT ARTIFACT
"""

import os
import sys
from typing import Any

import bentoml

from benchmarks.peers.network import SharedNetwork


@bentoml.service(workers=1, logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Forecast:
    """The service."""

    def __init__(self) -> None:
        self._network = SharedNetwork(os.environ["PEER_ARTIFACT"])

    @bentoml.api(batchable=True, batch_dim=0, max_batch_size=64, max_latency_ms=10_000)  # type: ignore[untyped-decorator]
    def forecast(self, target: list[list[float]]) -> list[dict[str, Any]]:
        """Forecast a batch."""
        return self._network.forecast(target)


if __name__ == "__main__":
    os.environ["PEER_ARTIFACT"] = sys.argv[2]
    command = ["bentoml", "serve", "benchmarks.peers.bentoml_server:Forecast", "--host", "127.0.0.1"]
    os.execv(sys.executable, [sys.executable, "-m", *command, "--port", sys.argv[1]])
