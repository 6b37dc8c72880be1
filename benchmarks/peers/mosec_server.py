"""Mosec: batches of 64 that wait 1 ms at most, one worker.

python -m benchmarks.peers.mosec_server PORT ARTIFACT
"""

import os
import sys
from typing import Any

import mosec
import orjson

from benchmarks.peers.network import SharedNetwork


class Forecast(mosec.Worker):  # type: ignore[misc]
    """The one stage."""

    def __init__(self) -> None:
        super().__init__()
        self._network = SharedNetwork(os.environ["PEER_ARTIFACT"])

    def deserialize(self, data: bytes) -> Any:
        """Read one body."""
        return orjson.loads(data)

    def serialize(self, data: Any) -> bytes:
        """Write one answer."""
        return orjson.dumps(data)

    def forward(self, data: list[Any]) -> list[Any]:
        """Forecast a batch."""
        return self._network.forecast([one["target"] for one in data])


if __name__ == "__main__":
    port, os.environ["PEER_ARTIFACT"] = sys.argv[1], sys.argv[2]
    sys.argv[1:] = ["--port", port, "--log-level", "warning"]
    server = mosec.Server()
    server.append_worker(Forecast, num=1, max_batch_size=64, max_wait_time=1)
    server.run()
