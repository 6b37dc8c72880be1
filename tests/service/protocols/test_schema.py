"""The service against its own ``/openapi.json``, with every check that schemathesis has."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from service.app import create_app
from tests.builders import (
    tiny_artifact,
    tiny_classifier_artifact,
    tiny_family_artifact,
    tiny_generator_artifact,
    tiny_transcriber_artifact,
)
from tests.service.http_client import settings_of

ROOT = Path(__file__).parents[3]


class Server(uvicorn.Server):
    """A server in a thread that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    def _log_started_message(self, listeners: object) -> None:
        self.listening.set()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    tiny_family_artifact(folder)
    tiny_generator_artifact(folder)
    tiny_classifier_artifact(folder)
    tiny_transcriber_artifact(folder)
    server = Server(
        uvicorn.Config(
            create_app(settings_of(folder, jobs_folder=folder / "jobs", fits=0)), port=0, log_level="critical"
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.listening.wait(30)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_every_answer_is_as_described(url: str, tmp_path: Path) -> None:
    """No 5xx, nothing undocumented, wrong data refused; schemathesis.toml says what may be refused besides."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(ROOT / "schemathesis.toml"), "run"]
    options = [f"{url}/openapi.json", "--checks", "all", "--max-examples", "60", "--no-color", "--seed", "1"]
    ran = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=170, check=False)
    assert ran.returncode == 0, ran.stdout[:6000] + ran.stderr[-2000:]
    assert "generated" in ran.stdout
