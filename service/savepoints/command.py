"""``python -m service export --out FILE`` and ``import FILE``: the sessions of the settings' store."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from service.engine import ModelPool, Recovery, StoredStates
from service.models.catalog import Catalog
from service.models.kinds import FORECASTING
from service.savepoints.archive import SavepointError
from service.savepoints.exporting import export_sessions
from service.savepoints.importing import check_savepoint, import_sessions
from service.savepoints.writer import SavepointWriter
from service.serving.sessions.secret import read_secret
from service.settings import Settings
from service.stores.interface import Store
from service.stores.registry import find_store, open_store

DONE, LEFT_OUT, REFUSED = 0, 1, 2
"""What the command ends with: all is done, some sessions were left out and are named, or nothing was done."""
_NAMED = 20
"""Sessions that are named at most."""


def parser() -> argparse.ArgumentParser:
    """Give what reads the command line.

    Returns
    -------
    argparse.ArgumentParser
        Of ``python -m service``.
    """
    whole = argparse.ArgumentParser(
        prog="python -m service",
        description="Serve forecasts; or export all sessions to one file, or import them. Settings are STATECAST_*.",
    )
    commands = whole.add_subparsers(dest="command", required=True)
    out = commands.add_parser("export", help="write the sessions of the store to a file; killed, it goes on")
    out.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file; it must not be there yet")
    out.add_argument("--model", help="whose sessions: name, name@version or digest; left out: all")
    back = commands.add_parser("import", help="put the sessions of a file into the store; killed, it goes on")
    back.add_argument("file", type=Path, metavar="FILE", help="what export wrote")
    return whole


def run(arguments: Sequence[str], settings: Settings) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str
        Behind ``python -m service``.
    settings : Settings
        Where sessions live, the artifacts and the secret.

    Returns
    -------
    int
        Exit status: ``DONE`` or ``LEFT_OUT``.

    Raises
    ------
    SavepointError, StoreError, StatecastError, OSError
        If it cannot be done; the message says what to do.
    """
    chosen = parser().parse_args(arguments)
    secret = _secret(settings)
    if chosen.command == "export":
        return export(chosen.out, chosen.model, settings, secret)
    return import_file(chosen.file, settings, secret)


def export(path: Path, model: str | None, settings: Settings, secret: bytes) -> int:
    """Write a savepoint, see ``run``."""
    begun = time.monotonic()
    store = open_store(settings.state_url)
    try:
        waiting = _recover(store, settings)
        with SavepointWriter(path, secret, model) as writer:
            if writer.sessions:
                _say(f"goes on after {writer.sessions} sessions that {path}.part has")
            pool = cache(lambda: _pool(_catalogue(settings), settings))  # loaded where a session is behind
            states = StoredStates(lambda key: pool().of(key), store)
            waiting += export_sessions(store, writer, model, time.time(), states.read)
            size = writer.finish()
    finally:
        store.close()
    took = time.monotonic() - begun
    _say(f"exported {writer.sessions} sessions to {path} ({size / 1e6:.1f} MB, {took:.1f} s)")
    return _left(waiting, "are not in it, or without their last observations, which wait for their model")


def import_file(path: Path, settings: Settings, secret: bytes) -> int:
    """Put a savepoint into the store, see ``run``."""
    begun = time.monotonic()
    with path.open("rb") as file:
        catalogue = _catalogue(settings)
        sessions = check_savepoint(file, secret, {model.digest for model in catalogue.models})
        store = open_store(settings.state_url)
        try:
            _recover(store, settings, lambda: catalogue)
            done = import_sessions(file, secret, catalogue, store, time.time(), settings.session_ttl_s)
        finally:
            store.close()
    took = time.monotonic() - begun
    _say(f"imported {done.written} of {sessions} sessions, {done.there} were there already ({took:.1f} s)")
    return _left(done.others, "were left out, because another series has their id")


def _secret(settings: Settings) -> bytes:
    name = find_store(settings.state_url).name
    if name == "memory":
        raise SavepointError(
            "state_url: memory:// ends with its process and has no sessions for a command; move them one by one by "
            "GET and PUT /sessions/{id}/state, or set STATECAST_STATE_URL to another store"
        )
    if settings.state_secret is None and urlsplit(settings.state_url).scheme != "sqlite":
        raise SavepointError(
            f"state_secret: {name} keeps none, and nobody could import what another one signed; set "
            "STATECAST_STATE_SECRET to what the servers have"
        )
    return read_secret(settings)


def _recover(store: Store, settings: Settings, load: Callable[[], Catalog] | None = None) -> list[str]:
    """Bring the sessions up to what was answered, as a start does; gives those that wait for their model."""
    if not store.journaled or next(iter(store.appended()), None) is None:
        return []
    catalogue = load() if load else _catalogue(settings)
    networks = _pool(catalogue, settings)
    names = {model.digest: str(model) for model in catalogue.models}
    _, absent = Recovery(networks, store, names, settings.session_ttl_s).run()
    return [one.record.name or one.record.key for one in absent]


def _catalogue(settings: Settings) -> Catalog:
    return Catalog.load(settings.artifacts, settings.default_model, settings.device)


def _pool(catalogue: Catalog, settings: Settings) -> ModelPool:
    series = {model.digest: model.artifact for model in catalogue.models if model.kind in FORECASTING}
    return ModelPool(series, settings.resident_sessions, compiled=settings.compiled == "auto", threads=settings.threads)


def _left(sessions: Sequence[str], why: str) -> int:
    if not sessions:
        return DONE
    named = ", ".join(sessions[:_NAMED]) + (", ..." if len(sessions) > _NAMED else "")
    _say(f"{len(sessions)} sessions {why}: {named}", sys.stderr)
    return LEFT_OUT


def _say(line: str, stream: TextIO | None = None) -> None:
    print(line, file=sys.stdout if stream is None else stream, flush=True)
