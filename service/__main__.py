"""``python -m service``: serve forecasts; ``export`` and ``import`` move all sessions at once."""
# ruff: noqa: E402

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial
from typing import TextIO
from urllib.parse import urlsplit

import uvicorn
from pydantic import ValidationError

from service.allocator import keep_few_shapes, use_one_heap

use_one_heap()  # before the libraries that are imported below start threads
keep_few_shapes()

from service.app import create_app
from service.http.direct import DirectProtocol
from service.protocols.container import Container
from service.savepoints import command
from service.savepoints.archive import SavepointError
from service.settings import Settings
from service.stores.interface import StoreError
from service.stores.registry import without_password
from statecast.errors import StatecastError

_log = logging.getLogger("service")
_LISTENERS = 32
"""uvloop accepts one connection per listener in a turn of the loop, and under load turns are long."""


def main(arguments: Sequence[str] = ()) -> int:
    """Serve until a signal; 2 if the service cannot start, and one line says why. With arguments, run a command.

    Parameters
    ----------
    arguments : sequence of str
        Behind ``python -m service``; none to serve.

    Returns
    -------
    int
        Exit status.
    """
    if arguments:
        return _command(arguments)
    if hasattr(signal, "SIGHUP"):
        # A terminal that closes, or a reload that other servers know, must not end this one.
        signal.signal(signal.SIGHUP, _hang_up)
    # The engine's thread needs the interpreter some hundred times a step. At the usual 5 ms a turn, clients that keep
    # the event loop busy with cheap requests made forecasts wait three times as long as at this.
    sys.setswitchinterval(0.0005)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings()
        container = Container.build(settings)
        app = create_app(settings, container)
    except ValidationError as error:
        return _refuse("; ".join(_plain(fault) for fault in error.errors()))
    except (StoreError, ValueError, OSError, RuntimeError) as error:
        return _refuse(str(error))
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, loop="uvloop",
        http=DirectProtocol.of(app.state.connections),
        ws="none", proxy_headers=False, access_log=False, log_level="warning", server_header=False, lifespan="on",
        timeout_graceful_shutdown=int(settings.drain_s) + 1,
    )  # fmt: skip
    _Server(config, container).run()
    return 0


def _command(arguments: Sequence[str]) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        return command.run(arguments, Settings())
    except ValidationError as error:
        _say("; ".join(_plain(fault) for fault in error.errors()), sys.stderr)
    except (SavepointError, StoreError, StatecastError, OSError) as error:
        _say(str(error), sys.stderr)
    return command.REFUSED


class _Server(uvicorn.Server):
    """Says in one line where it listens, once it does."""

    def __init__(self, config: uvicorn.Config, container: Container) -> None:
        super().__init__(config)
        self._container = container

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        shared = {"config": self.config, "server_state": self.server_state, "app_state": self.lifespan.state}
        made = partial(self.config.http_protocol_class, **shared)
        for listener in [sock for server in self.servers for sock in server.sockets]:
            for _ in range(_LISTENERS - 1):
                same = socket.fromfd(listener.fileno(), listener.family, listener.type)
                loop = asyncio.get_running_loop()
                self.servers.append(await loop.create_server(made, sock=same, backlog=self.config.backlog))

    def _log_started_message(self, listeners: object) -> None:  # noqa: ARG002
        sockets = [sock for server in self.servers for sock in server.sockets]
        port = sockets[0].getsockname()[1] if sockets else self.config.port
        _say(started_line(self._container, port))


def started_line(container: Container, port: int) -> str:
    """Say where the service listens, which models it has, and where sessions live.

    Parameters
    ----------
    container : Container
        Built.
    port : int
        The port that was bound, which settings of 0 leave open.

    Returns
    -------
    str
        One line.
    """
    settings = container.settings
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    models = (
        ", ".join(str(model) for model in container.services.catalogue.models)
        if container.services
        else container.no_artifact
    )
    in_memory = urlsplit(settings.state_url).scheme == "memory"
    store = "memory (lost on exit)" if in_memory else without_password(settings.state_url)
    line = f"Statecast listens on http://{host}:{port} · models: {models} · sessions: {store}"
    if settings.open_to_all:
        line += " · WARNING: open to every machine that reaches it; set STATECAST_API_KEYS_FILE"
    return line


def _hang_up(*_: object) -> None:
    _log.warning("SIGHUP: nothing is read again while the service runs; restart it to change settings or models")


def _plain(fault: object) -> str:
    place = ".".join(str(part) for part in fault["loc"]).upper()  # type: ignore[index]
    text = str(fault["msg"]).removeprefix("Value error, ")  # type: ignore[index]
    return f"STATECAST_{place}: {text}" if place else text


def _refuse(text: str) -> int:
    _say(f"Statecast does not start: {text}", sys.stderr)
    return 2


def _say(line: str, stream: TextIO = sys.stdout) -> None:
    print(line, file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
