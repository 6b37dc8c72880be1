"""A text that may be redistributed and is always at hand: the documentation inside Python's standard library."""

import ast
import sysconfig
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from training.errors import TrainingError

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Long tables of names, other projects' packages, and tests; none reads like documentation.
_APART = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "encodings", "pydoc_data", "_vendor"}
_SHORTEST = 60


def read_docstrings(characters: int, library: Path | None = None) -> str:
    """Read the docstrings of a library, in the order of its files, where they are ASCII and not too short.

    Parameters
    ----------
    characters : int
        Length of the text.
    library : Path, optional
        Folder of Python files, the running interpreter's standard library if left out.

    Returns
    -------
    str
        So many characters, with an empty line between docstrings.

    Raises
    ------
    TrainingError
        If there are fewer characters, as where an interpreter comes without its sources.
    """
    folder = library or Path(sysconfig.get_paths()["stdlib"])
    found: list[str] = []
    length = 0
    for path in sorted(folder.rglob("*.py")):
        if _APART.isdisjoint(path.relative_to(folder).parts):
            for text in _docstrings(path):
                found.append(text)
                length += len(text) + 2
        if length >= characters:
            return "\n\n".join(found)[:characters]
    raise TrainingError(
        f"{folder}: expected {characters} characters of documentation, got {length}; fit a text file instead"
    )


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError):  # some files of the library are wrong on purpose
        return
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED):
            text = cleandoc(ast.get_docstring(node, clean=False) or "")
            if len(text) >= _SHORTEST and text.isascii():
                yield text
