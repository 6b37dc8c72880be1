"""What is public says what it takes: one line per parameter, as numpydoc has it.

A function whose shapes and units stand only in its code has to be read before it can be called.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from training.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
PACKAGES = ("statecast", "training", "service", "connectors")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Public functions and methods of a file that are not nested in another function, by dotted name."""
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for member in node.body:
                if isinstance(member, Function) and not member.name.startswith("_"):
                    yield f"{node.name}.{member.name}", member


def parameters(function: Function) -> list[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in ("self", "cls") and argument.arg[0] != "_"]


def documented(docstring: str) -> set[str]:
    """Names that a ``Parameters`` section has a line for."""
    _, found, section = docstring.partition("Parameters\n----------\n")
    names: set[str] = set()
    for line in section.splitlines() if found else ():
        if line.startswith("---"):
            break
        if line and not line.startswith(" "):
            names |= {name.strip(" *`") for name in line.partition(" : ")[0].split(",")}
    return names


REFERENCE = r"[Ss]ee ``[\w.]+``(?: and ``[\w.]+``)?"
REFERS = re.compile(rf"\A{REFERENCE}|\A.*[ ,;.] ?{REFERENCE}(?: for the options)?\.$|^{REFERENCE}\.$", re.M)
"""A summary that begins or ends with what takes the same, or a paragraph that is nothing else."""
COMMAND_NAMES = {command.__name__ for command in COMMANDS.values()}
"""Functions that typer makes commands of: they document their options in their declarations."""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_parameter_of_what_is_public_has_its_line(package: str) -> None:
    """One that implements an interface or calls what takes the same may refer to it, "See ``Interface.method``."; a
    mention of other code says nothing of its parameters.
    """
    missing = []
    for path in sorted((ROOT / package).rglob("*.py")):
        for name, function in functions(path.relative_to(ROOT)):
            docstring = ast.get_docstring(function) or ""
            if (path.parent.name == "cli" and name in COMMAND_NAMES) or REFERS.search(docstring):
                continue
            absent = [one for one in parameters(function) if one not in documented(docstring)]
            if absent:
                missing.append(f"{path.relative_to(ROOT)}: {name}: {', '.join(absent)}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize(
    ("docstring", "refers"),
    [
        ("See ``Cell.step``.", True),
        ("See ``Cell.step``; parts are h and c.", True),
        ("Move the bar, see ``Watcher.advance``.", True),
        ("Move the bar.\n\nMore of it.\n\nSee ``Watcher.advance``.", True),
        ("Write on; see ``write_on`` for the options.", True),
        ("Return the shapes; see ``new_state`` for what a fresh one holds.", False),
        ("Return the shapes, see ``State.fields``, of all.", False),
        ("Return the shapes.\n\nThey are fixed, see ``State.fields``.", False),
    ],
)
def test_a_mention_is_no_reference(docstring: str, refers: bool) -> None:
    """What only mentions other code passed for documented once, with none of its parameters."""
    assert bool(REFERS.search(docstring)) is refers
