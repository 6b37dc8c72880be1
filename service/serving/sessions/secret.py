"""The secret by which servers that trust each other sign sessions that leave them."""

import contextlib
import os
import secrets
from pathlib import Path

from service.settings import SHORTEST_SECRET, Settings


def read_secret(settings: Settings) -> bytes:
    """Give the secret: as the settings have it, else the one that lies beside the file of sessions, else a new one.

    Parameters
    ----------
    settings : Settings
        ``state_secret`` and ``state_url``.

    Returns
    -------
    bytes
        Of the process alone where nothing of it lasts.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it holds less than a secret.
    """
    if settings.state_secret is not None:
        return settings.state_secret.get_secret_value().encode()
    sessions = settings.state_url.removeprefix("sqlite:///")
    if sessions == settings.state_url:
        return secrets.token_bytes(32)
    path = Path(f"{sessions}.secret")
    secret = _kept(path)
    if len(secret) < SHORTEST_SECRET:  # by an empty one everybody could sign
        raise ValueError(
            f"{path}: expected a secret of at least {SHORTEST_SECRET} bytes, got {len(secret)}; take the file from a "
            "backup, or delete it to have a new one made, which refuses the states that were exported before"
        )
    return secret


def _kept(path: Path) -> bytes:
    """Read a file of a secret, made where there is none: whole at once, and readable by its owner alone."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(made, path)
    made.unlink()
    return path.read_bytes()
