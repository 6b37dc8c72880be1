"""LitServe: batches of 64 that wait 1 ms at most, one worker, one process that reads requests.

python -m benchmarks.peers.litserve_server PORT ARTIFACT
"""

import sys
from typing import Any

import litserve

from benchmarks.peers.network import SharedNetwork


class Forecast(litserve.LitAPI):  # type: ignore[misc]
    """What it calls in order."""

    def __init__(self, artifact: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._artifact = artifact

    def setup(self, device: str) -> None:
        """Load the network, in the worker."""
        del device
        self._network = SharedNetwork(self._artifact)

    def decode_request(self, request: dict[str, Any], **context: Any) -> list[float]:
        """Read one body."""
        del context
        target: list[float] = request["target"]
        return target

    def batch(self, inputs: list[Any]) -> list[Any]:
        """Batches are lists."""
        return inputs

    def predict(self, inputs: list[list[float]], **context: Any) -> list[dict[str, Any]]:
        """Forecast a batch."""
        del context
        return self._network.forecast(inputs)

    def unbatch(self, output: list[Any]) -> list[Any]:
        """And stay lists."""
        return output

    def encode_response(self, output: dict[str, Any], **context: Any) -> dict[str, Any]:
        """An answer is written as it is."""
        del context
        return output


if __name__ == "__main__":
    api = Forecast(sys.argv[2], max_batch_size=64, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", devices=1, workers_per_device=1, timeout=60)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, log_level="warning", generate_client_file=False
    )
