"""Every program of ``examples/`` runs as a newcomer would run it, and prints what it promises.

An example that fails is worse than none: it is copied.
"""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.harness.server import running_server

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PROGRAMS = sorted(path for path in EXAMPLES.iterdir() if path.suffix in (".py", ".sh") and path.name != "served.py")
# Words of the output that show that what is shown came about.
PROMISES = {
    "first_forecast": "1961-12",
    "session_over_http": "54 values, 1 sent before",
    "panel_from_a_frame": "station",
    "arrow_roundtrip": "500 forecasts",
    "scenario_paths": "500 paths of 24 hours",
    "curl_forecast": '"forecasts"',
    "kill_and_continue": "the same forecast: True",
    "fit_and_serve": "serving passengers@1, 1mo, up to 12 steps",
    "generate_text": "temperature 0.7: the License",
    "custom_store": "at 6 values",
    "custom_cell": "the same forecast in pieces: True",
    "backtest": "seasonal naive, 5 origins",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_server(ROOT / "artifacts") as server:
        yield f"http://{server.host}:{server.port}"


def run(command: list[str], **variables: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | variables
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_an_example_runs(path: Path, address: str) -> None:
    command = [sys.executable, str(path)] if path.suffix == ".py" else [str(path)]
    assert PROMISES[path.stem] in run(command, STATECAST_URL=address)


def test_the_notebook_runs_from_top_to_bottom() -> None:
    """Its cells, one after the other, as "run all" does; Jupyter itself is not needed for that."""
    cells = json.loads((EXAMPLES / "notebook.ipynb").read_text())["cells"]
    code = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "mean absolute error" in run([sys.executable, "-c", code])


def test_an_example_is_short_and_says_what_it_shows() -> None:
    for path in PROGRAMS:
        text = path.read_text()
        assert len(text.splitlines()) <= 60, f"{path.name}: too long to take in at a glance"
        about = ast.get_docstring(ast.parse(text)) if path.suffix == ".py" else text
        assert f"examples/{path.name}" in (about or ""), f"{path.name}: say the command that runs it"


def test_every_example_is_in_the_list() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    assert [path.name for path in EXAMPLES.iterdir() if path.is_file() and f"({path.name})" not in listed] == [
        "README.md"
    ]
