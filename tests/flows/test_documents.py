"""What the documents print is run as printed: the tutorials from top to bottom, every request, back-ups, keys."""

import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from benchmarks.harness.server import Server as RunningServer
from benchmarks.harness.server import running_server
from benchmarks.harness.waiting import wait_until
from service.http.auth import ApiKeys
from tests.builders import babble, tiny_classifier_artifact, tiny_generator_artifact, tiny_transcriber_artifact, wav
from tests.chaos.server import Server
from tests.test_docs import DOCUMENTS, ROOT, shell_lines

TUTORIALS = sorted((ROOT / "docs" / "tutorial").glob("*.md"))
OTHERS = [path for path in DOCUMENTS if path not in TUTORIALS and path.name != "README.md"]


def curl(line: str, address: str, folder: Path = ROOT) -> httpx.Response:
    """Send what a printed ``curl`` would send in a folder, to the server at this address."""
    words = shlex.split(line)
    options = dict(itertools.pairwise(words))
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    url = next(word for word in words if word.startswith("http")).replace("http://127.0.0.1:8000", address)
    file = options.get("--data-binary", "").removeprefix("@")
    content = (folder / file).read_bytes() if file else options.get("-d")
    method = options.get("-X", "GET" if content is None else "POST")
    return httpx.request(method, url, headers=headers, content=content, timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a clone holds, as far as the tutorials go: models, examples."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "default").symlink_to(ROOT / "artifacts" / "default")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def run(line: str, folder: Path, **variables: str) -> str:
    """Run a printed command in a folder, with this interpreter for the one that it names."""
    line = re.sub(r"\.venv/bin/python|python3(?= -c)", sys.executable, line)
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    """A server that is killed where the tutorial starts it once more; its sessions stay."""
    running = Server(folder, artifacts=str(folder / "artifacts"), state_url=f"sqlite:///{folder}/sessions.db")
    yield running
    running.kill()


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)
def test_a_tutorial_runs_from_top_to_bottom(path: Path, folder: Path, server: Server) -> None:
    """Whoever gets stuck in the first ten minutes does not come back."""
    answers = []
    for line in shell_lines(path):
        if line == "make serve":
            server.kill()
            server.start()
        elif line.startswith("curl "):
            answer = curl(line, server.url)
            assert answer.status_code in (200, 204), f"{line}\n{answer.text}"
            answers += [answer.json()] if answer.content else []
        else:
            run(line, folder)
    for block in re.findall(r"```python\n(.*?)```", path.read_text(), re.S):
        run(f"python3 -c {shlex.quote(block)}", folder)
    sessions = [answer["forecasts"][0]["session"] for answer in answers if "forecasts" in answer]
    for session in filter(None, sessions[3:]):
        assert (session["count"], session["applied"], session["duplicates"]) == (25, 0, 1), "as the tutorial says"


def test_every_request_in_a_document_is_answered(folder: Path) -> None:
    """An example that is refused costs more trust than ten that are missing."""
    tiny_generator_artifact(folder / "artifacts", "shakespeare")
    tiny_classifier_artifact(folder / "artifacts", "imdb", labels=("0", "1"))
    tiny_classifier_artifact(folder / "artifacts", "wrist", inputs="values", symbols=(), channels=("x", "y"))
    tiny_transcriber_artifact(folder / "artifacts", "digits")
    for name in ("message.wav", "chunk.wav"):
        (folder / name).write_bytes(wav(babble(1.0)))
    lines = [(path, line) for path in OTHERS for line in shell_lines(path) if line.startswith("curl ")]
    assert len(lines) >= 2
    with running_server(folder / "artifacts", jobs_folder=folder / "jobs") as server:
        job = ""
        for path, line in lines:
            answer = curl(line.replace("/JOB", f"/{job}"), f"http://127.0.0.1:{server.port}", folder)
            assert answer.status_code in (200, 202, 204), f"{path.name}: {line}\n{answer.text}"
            if answer.status_code == 202:
                job = answer.json()["id"]
                wait_until(partial(_succeeded, server, job), 60, "a job to succeed")


def _succeeded(server: RunningServer, job: str) -> bool:
    return '"succeeded"' in server.get(f"/jobs/{job}")


def test_copies_of_the_sessions_are_copies(folder: Path) -> None:
    """A back-up that nobody has ever read back is a hope."""
    page = shell_lines(ROOT / "docs" / "howto" / "back-up.md")
    commands = [line for line in page if line.startswith("python3 -c")]
    (folder / "state").mkdir()
    body = {
        "series": [{"session": "kept", "target": [1.0, 2.0, 3.0, 4.0], "start": "2026-01-01T00:00:00Z", "freq": "1d"}]
    }
    with running_server(folder / "artifacts", state_url=f"sqlite:///{folder}/state/sessions.db") as server:
        assert httpx.post(f"http://127.0.0.1:{server.port}/forecast", json=body, timeout=60).status_code == 200
        for line in commands:
            run(line, folder)
    out, back = (line for line in page if "-m service" in line)
    run(out, folder)
    secret = (folder / "state" / "sessions.db.secret").read_text()
    run(back, folder, STATECAST_STATE_SECRET=secret)
    for copy in ("sessions-backup.db", "elsewhere/sessions.db"):
        with running_server(folder / "artifacts", state_url=f"sqlite:///{folder}/{copy}") as server:
            assert '"count":4' in server.get("/sessions/kept").replace(" ", "")


def test_a_key_kept_as_its_digest_opens_the_door(folder: Path) -> None:
    line = next(line for line in shell_lines(ROOT / "docs" / "reference" / "settings.md") if line.startswith("printf"))
    run(line, folder, KEY="s3cret")
    assert ApiKeys.read(folder / "keys.txt").owner(None, "s3cret") == "plant"
