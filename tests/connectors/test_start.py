"""How a connector starts: as light as a client, and with a line that says what is wrong."""

import subprocess
import sys

import pytest

from connectors.brokers.registry import brokers
from connectors.cli import main, options_of

CODE = """
import sys
from connectors.brokers.registry import brokers
from connectors.cli import main
assert brokers.names(), brokers.names()
heavy = {"torch", "safetensors", "numba", "pandas", "service", "training"} & sys.modules.keys()
sys.exit(f"it loads {heavy}" if heavy else 0)
"""


def test_it_needs_no_torch() -> None:
    """It runs where the messages are, on machines that are too small for the service."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_a_broker_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in brokers.names())
    assert main(["rabbit"]) == 2
    assert "rabbit" in capsys.readouterr().err


@pytest.mark.parametrize("name", brokers.names())
def test_options_come_from_the_environment_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password on a command line is in everybody's list of processes."""
    for variable, text in {"TOPIC": "t", "TOPICS": "a,b", "STREAM": "s", "API_KEY": "k", "BATCH": "7"}.items():
        monkeypatch.setenv(f"CONNECTOR_{variable}", text)
    chosen = options_of(brokers[name]).parse_args(["--session-field", "id, name"])
    assert (chosen.api_key, chosen.batch, chosen.session_field) == ("k", 7, ("id", "name"))
    assert options_of(brokers[name]).parse_args(["--batch", "8"]).batch == 8
