"""Commands that documents print are there, and take what is printed behind them."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from connectors.brokers.registry import brokers
from connectors.cli import options_of
from tests.test_docs import DOCUMENTS, ROOT, shell_lines


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in DOCUMENTS:
        named = set(re.findall(r"(?:`|^)make ([a-z]+)", path.read_text(), re.M))
        assert named <= targets, f"{path.name} names make {sorted(named - targets)}"


def training_commands() -> dict[str, Any]:
    """Commands of ``python -m training`` by name."""
    import typer.main

    from training.__main__ import app

    return typer.main.get_command(app).commands  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("path", [*DOCUMENTS, ROOT / "Makefile", ROOT / "Dockerfile"], ids=lambda path: path.name)
def test_training_commands_and_options_exist(path: Path) -> None:
    """A command that is printed but not there costs a newcomer the first ten minutes."""
    commands = training_commands()
    for command, rest in re.findall(r"-m training ([a-z]+)([^\n`|]*)", path.read_text()):
        assert command in commands, f"{path.name} names python -m training {command}"
        options = {option for parameter in commands[command].params for option in parameter.opts}
        named = set(re.findall(r"(--[a-z-]+)", rest))
        assert named <= options, f"{path.name}: {command} has no {sorted(named - options)}"


# How a line of a shell block is checked: RUN by tests/flows/test_documents.py (tutorials, every curl, back-ups, keys);
# BY_SCRIPT, outside the gate (tests/newcomer.sh, tests/service_only.sh, tests/docker.sh); PARSED: what takes hours.
RUN = (
    r"curl |python3 -c |printf |make (serve|test|setup)$|(STATECAST_\w+=\S+ )?\.venv/bin/python -m service (ex|im)port "
)
BY_SCRIPT = (
    r"python3 -m venv|\.venv/bin/pip |\.venv/bin/python -m service$|export PIP_|docker-compose (up|ps|logs|down|bu)"
)
PARSED = (
    r"make [a-z]+|\.venv/bin/python -m (training|benchmarks|connectors)|docker-compose run|"
    r"STATECAST_\w+=\S+ (docker-c|make)"
)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_is_checked_somehow(path: Path) -> None:
    """A command that nothing checks stands there until somebody who needs it finds out."""
    for line in shell_lines(path):
        if not line.startswith("#"):
            assert re.match(f"{RUN}|{BY_SCRIPT}|{PARSED}", line), f"{path.name}: nothing checks {line!r}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_can_be_parsed(path: Path) -> None:
    """The command line itself takes what is printed: options, values, what is required."""
    for line in shell_lines(path):
        words = shlex.split(line, comments=True)
        for module, place in ((words[i + 1], i) for i, word in enumerate(words) if word == "-m"):
            if module == "training":
                name, *arguments = words[place + 2 :]
                training_commands()[name].make_context(name, arguments)
            elif module == "connectors":
                options_of(brokers[words[place + 2]]).parse_args(words[place + 3 :])
            elif module.startswith("benchmarks"):
                assert find_spec(module), f"{path.name} names {module}"
        if words[:2] == ["docker-compose", "run"]:
            name, *arguments = words[words.index("train") + 1 :]
            training_commands()[name].make_context(name, arguments)


def test_benchmarks_that_documents_name_exist() -> None:
    for path in DOCUMENTS:
        if path.name == "LOG.md":
            continue  # history: what it names was there on that day
        for module in re.findall(r"python -m (benchmarks[\w.]*)", path.read_text()):
            assert find_spec(module), f"{path.name} names {module}"
