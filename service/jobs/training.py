"""The training packages as a process beside the server: neither ever imports the other.

It ends with the server, whatever ends that: its standard input is a pipe that nobody else holds. What it has done by
then is in its folder, and the next one goes on from there.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from service.errors import Expired, ServiceError, Unprocessable

_NEEDED = ("training", "typer", "rich", "pandas", "sklearn", "scipy", "lightning_fabric", "plotly", "jinja2", "tomli_w")
_LOOKED_EVERY_S = 0.25
_SAID = 2000
"""Characters at the end of what it said that are kept."""
_REFUSED = 2
"""Its exit status where a person can mend what is wrong."""


def check_installed() -> None:
    """Refuse to fit where the training packages are not installed beside the service.

    Raises
    ------
    Unprocessable
        It says what to install.
    """
    absent = next((name for name in _NEEDED if find_spec(name) is None), None)
    if absent is not None:
        raise Unprocessable(
            f"fit: the training packages are not installed beside this server ({absent} is missing); pip install "
            "'statecast[training]' into its environment, or fit elsewhere with python -m training fit and put the "
            "artifact into STATECAST_ARTIFACTS",
            code="training_not_installed",
        )


async def train(
    place: Path, arguments: Sequence[str], note: Callable[[dict[str, Any]], None], *, most_s: float, nice: int
) -> None:
    """Fit in a process of its own; it ends with this call, whatever ends that.

    Parameters
    ----------
    place : Path
        Folder of what it says, and of how far it is.
    arguments : sequence of str
        Of the command ``fit``.
    note : callable
        Gets how far it is, see ``training.progress.FiledBar``, and ``seconds``.
    most_s : float
        Seconds that it may take.
    nice : int
        How far it stands back behind other processes.

    Raises
    ------
    ServiceError
        If it refuses the data, takes too long, or fails.
    OSError
        If it cannot be started.
    """
    progress, said = place / "progress.json", place / "said.txt"
    progress.unlink(missing_ok=True)
    command = [sys.executable, "-m", "training", "fit", *arguments, "--progress", str(progress)]
    began = time.monotonic()
    with open(said, "wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=out,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    try:
        with contextlib.suppress(OSError):  # a container may not let it
            os.setpriority(os.PRIO_PROCESS, process.pid, nice)
        while process.poll() is None:
            await asyncio.sleep(_LOOKED_EVERY_S)
            seconds = time.monotonic() - began
            note({**_read(progress), "seconds": round(seconds, 1)})
            if seconds > most_s:
                raise Expired(
                    f"fit: expected to take at most {most_s:g} s (STATECAST_MAX_FIT_S), took longer; request fewer "
                    "steps, name seconds, or send less data"
                )
    finally:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
    if process.returncode == _REFUSED:
        raise Unprocessable(f"fit: {_reason(said, place)}", code="fit_refused")
    if process.returncode:
        raise ServiceError(f"fit: the training ended with status {process.returncode}: {_reason(said, place)}")


def _read(progress: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(progress.read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def _reason(said: Path, place: Path) -> str:
    """What it said last, without the paths of this machine."""
    text = said.read_bytes()[-_SAID:].decode("utf-8", "replace").replace(f"{place}{os.sep}", "")
    reason = text[text.rfind("error: ") :].removeprefix("error: ") if "error: " in text else text
    return " ".join(reason.split())[-_SAID:] or "it said nothing"
