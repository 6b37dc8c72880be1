"""Ray Serve: batches of 64 that wait 1 ms at most, one replica, no dashboard.

python -m benchmarks.peers.ray_server PORT ARTIFACT
"""

import logging
import sys
from typing import Any

import ray
from ray import serve
from starlette.requests import Request

from benchmarks.peers.network import SharedNetwork


class Forecast:
    """The replica."""

    def __init__(self, artifact: str) -> None:
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        self._network = SharedNetwork(artifact)

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.001)  # type: ignore[untyped-decorator]
    async def forecast(self, targets: list[list[float]]) -> list[dict[str, Any]]:
        """Forecast a batch."""
        return self._network.forecast(targets)

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Answer one request."""
        body = await request.json()
        answer: dict[str, Any] = await self.forecast(body["target"])
        return answer


if __name__ == "__main__":
    ray.init(num_cpus=1, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    deployment = serve.deployment(max_ongoing_requests=256, ray_actor_options={"num_cpus": 0.1})(Forecast)
    serve.run(deployment.bind(sys.argv[2]), route_prefix="/forecast", blocking=True)
