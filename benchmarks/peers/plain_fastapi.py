"""A FastAPI function around the network, as one would write it in twenty lines.

python -m benchmarks.peers.plain_fastapi PORT ARTIFACT
"""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.peers.network import SharedNetwork


class ForecastBody(BaseModel):
    """One series."""

    target: list[float]


def create_app(artifact: str) -> FastAPI:
    """An app with one path."""
    app, network = FastAPI(), SharedNetwork(artifact)

    @app.post("/forecast")
    async def forecast(body: ForecastBody) -> dict[str, Any]:
        return network.forecast([body.target])[0]

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[2]), port=int(sys.argv[1]), access_log=False, log_level="warning")
