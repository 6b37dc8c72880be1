"""Both clients of ``tritonclient`` behind one face, because both must get the same answers."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.app import create_app
from tests.service.http.live_server import listening, play
from tests.service.http_client import settings_of


class Ports(NamedTuple):
    http: str
    grpc: str


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Ports]:
    """A server of both kinds in a thread."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        grpc_port = free.getsockname()[1]
    done, found = threading.Event(), []
    started = threading.Event()

    async def scene() -> None:
        app = create_app(settings_of(folder, grpc_port=grpc_port, **settings))
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


RNG = np.random.default_rng(5)
SERIES = (10 + np.sin(np.arange(3 * 40) * np.pi / 2).reshape(3, 40) + RNG.normal(size=(3, 40)) / 5).astype(np.float32)
SERIES[1, 7] = np.nan
KINDS = {np.dtype("f4"): "FP32", np.dtype("f8"): "FP64", np.dtype("i8"): "INT64", np.dtype("O"): "BYTES"}


def tensors(module: Any, **arrays: NDArray[Any]) -> list[Any]:
    """Arrays as the inputs of a client's module."""
    found = []
    for name, array in arrays.items():
        found.append(module.InferInput(name, list(array.shape), KINDS[array.dtype]))
        found[-1].set_data_from_numpy(array)
    return found
