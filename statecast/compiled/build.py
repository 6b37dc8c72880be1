"""Compiling once, ahead of time, and finding what was compiled.

What was compiled lies in a folder whose name has a digest of all that it was made of: its sources and the
versions of numba and LLVM. A change of either is another folder; a processor of another kind compiles anew.

The folder lies in ``NUMBA_CACHE_DIR`` where that is set, else in this package's ``__pycache__`` where that may be
written, else in the user's cache.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

_PACKAGE = Path(__file__).parent
_SOURCES = ("arithmetic/*.py", "parts/*.py", "network.py", "advance.py", "forecast.py")
_LIBRARIES = ("numba", "llvmlite")
_READY = "ready"


class Entries(NamedTuple):
    """The two functions that Python calls; see ``statecast.compiled.advance`` and ``statecast.compiled.forecast``."""

    advance: Callable[..., int]
    forecast: Callable[..., int]


def cache_folder() -> Path:
    """Where what was compiled of these sources lies, or would lie."""
    given, name = os.environ.get("NUMBA_CACHE_DIR"), f"compiled-{_digest()}"
    if given:
        return Path(given) / name
    beside = _PACKAGE / "__pycache__"
    if (beside / name).exists() or os.access(beside if beside.exists() else _PACKAGE, os.W_OK):
        return beside / name
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "statecast" / name


def is_built() -> bool:
    """Whether a process can load what it needs, so that it need not compile."""
    try:
        return (cache_folder() / _READY).read_text() == _processor()
    except (OSError, ImportError):  # numba may not be there
        return False


@cache
def entries() -> Entries:
    """Load the compiled functions, or compile them and keep them: a minute or so of one core.

    Only these argument types are ever compiled: a call with others raises, it does not compile in its turn.

    Raises
    ------
    OSError
        If the folder cannot be written, and has nothing for this processor.
    """
    import numba

    folder, config = cache_folder(), cast(Any, numba.config)
    folder.mkdir(parents=True, exist_ok=True)
    before = config.CACHE_DIR
    with _writable(folder) as place:
        config.CACHE_DIR = str(place)  # read when a function is decorated, which is when its module is imported
        try:
            from statecast.compiled.advance import ADVANCE, advance
            from statecast.compiled.forecast import FORECAST, forecast
        finally:
            config.CACHE_DIR = before
        found = Entries(_compiled(advance, ADVANCE), _compiled(forecast, FORECAST))
    if not is_built():
        (folder / _READY).write_text(_processor())
    return found


@contextmanager
def _writable(folder: Path) -> Iterator[Path]:
    """The folder, or a copy for as long as it is read: numba reads only where it could also write."""
    if os.access(folder, os.W_OK):
        yield folder
        return
    with TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        yield Path(copy)


def _compiled(function: Any, signature: Any) -> Callable[..., int]:
    function.compile(signature)
    function.disable_compile()
    found: Callable[..., int] = function
    return found


def _digest() -> str:
    found = hashlib.sha256()
    for name in _SOURCES:
        for path in sorted(_PACKAGE.glob(name)):
            found.update(path.read_bytes())
    for package in _LIBRARIES:
        found.update(metadata.version(package).encode())
    return found.hexdigest()[:16]


@cache
def _processor() -> str:
    """What the machine code is for; numba compiles anew for another."""
    from llvmlite import binding

    return f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
