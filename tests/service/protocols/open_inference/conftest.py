"""One server on sockets of its own, HTTP and gRPC, and tensors for it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from statecast.inputs.covariates import Covariate
from tests.builders import tiny_artifact, tiny_family_artifact, tiny_generator_artifact
from tests.service.http.live_server import listening, play
from tests.service.http_client import settings_of
from tests.service.protocols.open_inference.scenes import Ports

pytest.importorskip("tritonclient.grpc", reason="needs tritonclient[http,grpc], in the extra clients")


@pytest.fixture(scope="session")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder, version="1")
    tiny_artifact(folder, version="2", seed=1)
    known = (Covariate("warmth"), Covariate("holiday"))
    tiny_artifact(folder, "weather", past_covariates=(Covariate("wind"),), future_covariates=known)
    tiny_generator_artifact(folder)
    tiny_family_artifact(folder)
    yield from serve(folder)


def serve(folder: Path) -> Iterator[Ports]:
    """Serve from a thread until the caller is done."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        grpc_port = free.getsockname()[1]
    done, found = threading.Event(), []
    started = threading.Event()

    async def scene() -> None:
        app = create_app(settings_of(folder, grpc_port=grpc_port, default_model="tiny"))
        async with listening(app, app.state.connections, lifespan="on") as live:
            await app.state.warming
            found.append(live.server.servers[0].sockets[0].getsockname()[1])
            started.set()
            while not done.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=play, args=(scene, 3600))
    thread.start()
    try:
        assert started.wait(60)
        yield Ports(f"127.0.0.1:{found[0]}", f"127.0.0.1:{grpc_port}")
    finally:
        done.set()
        thread.join()
