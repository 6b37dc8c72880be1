"""A real server on a socket, in a thread of the tests' process, for clients that know nothing but a URL."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from service.app import create_app
from service.http.direct import DirectProtocol
from tests.service.http_client import settings_of


@contextmanager
def live_server(artifacts: Path, **settings: Any) -> Iterator[str]:
    """The URL of a warm server of these artifacts; it is stopped and drained afterwards."""
    app = create_app(settings_of(artifacts, **settings))
    config = uvicorn.Config(
        app, port=0, loop="uvloop", http=DirectProtocol.of(app.state.connections), ws="none", access_log=False,
        log_level="warning", server_header=False, lifespan="on",
    )  # fmt: skip
    server, container = uvicorn.Server(config), app.state.container
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _wait(lambda: server.started and container.unready is None)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _wait(done: Any, seconds: float = 60) -> None:
    until, pause = time.monotonic() + seconds, threading.Event()
    while not done():
        assert time.monotonic() < until, "the server is not ready"
        pause.wait(0.01)
