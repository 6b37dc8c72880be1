"""Starting and stopping a real process: one line that helps, whatever happens."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.harness.waiting import wait_until
from service.stores.registry import open_store
from tests.builders import tiny_artifact

ROOT = Path(__file__).parents[2]


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    own = {f"STATECAST_{name.upper()}": value for name, value in settings.items()}
    environment = {**os.environ, "STATECAST_PORT": "0", "STATECAST_ARTIFACTS": str(folder / "artifacts"), **own}
    process = subprocess.Popen(
        [sys.executable, "-m", "service"], cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def refusal(process: subprocess.Popen[str]) -> str:
    _, text = process.communicate(timeout=60)
    assert process.returncode == 2
    return text.strip().splitlines()[-1]


def test_it_says_where_it_listens_serves_and_ends(tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "artifacts")
    with started(tmp_path) as process:
        line = first_line(process)
        assert "tiny@1" in line and "sqlite:///state/sessions.db" in line
        url = line.split()[3]
        assert httpx.get(f"{url}/live").json() == {"live": True}
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, "Traceback" in errors) in ((0, False), (-signal.SIGTERM, False)), errors


def test_a_hang_up_does_not_end_it(tmp_path: Path) -> None:
    """A terminal that closes, or a tool that asks every server to read its settings again, sends one."""
    with started(tmp_path, state_url="memory://") as process:
        url = first_line(process).split()[3]
        process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{url}/live").json() == {"live": True}
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert "SIGHUP: nothing is read again" in errors


def test_slow_bodies_do_not_make_a_stop_a_defect(tmp_path: Path) -> None:
    """An operator who stops a server reads its log for what went wrong; a traceback for each open request hides it."""
    (tmp_path / "artifacts").mkdir()
    with started(tmp_path, state_url="memory://", drain_s="0") as process:
        address = urlsplit(first_line(process).split()[3])
        slow = [socket.create_connection((address.hostname, address.port), 30) for _ in range(20)]
        for one in slow:
            one.sendall(b"POST /generate HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{")
        assert httpx.get(address.geturl() + "/live").json() == {"live": True}
        process.send_signal(signal.SIGTERM)
        for one in slow:
            text = one.makefile("rb").read()
            assert text.startswith(b"HTTP/1.1 503") and b"shutting_down" in text
            one.close()
        _, errors = process.communicate(timeout=30)
        assert "Traceback" not in errors


def test_open_to_all_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    with started(tmp_path, host="0.0.0.0", state_url="memory://") as process:
        line = first_line(process)
    assert "WARNING" in line and "STATECAST_API_KEYS_FILE" in line and "python -m training fit" in line


def test_a_changed_byte_ends_the_start(tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "artifacts")
    weights = tmp_path / "artifacts" / "tiny-1" / "model.safetensors"
    body = bytearray(weights.read_bytes())
    body[-1] ^= 1
    weights.write_bytes(body)
    with started(tmp_path) as process:
        line = refusal(process)
    assert line.startswith("Statecast does not start:") and "model.safetensors" in line


def test_a_broken_artifact_beside_a_good_default_is_skipped_and_named(tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "artifacts")
    tiny_artifact(tmp_path / "artifacts", "zebra")
    (tmp_path / "artifacts" / "zebra-1" / "config.json").write_text("{}")
    with started(tmp_path, default_model="tiny") as process:
        url = first_line(process).split()[3]

        def settled() -> bool:
            found = httpx.get(f"{url}/ready")
            assert found.status_code == 200 or found.json()["code"] == "loading"
            return found.status_code == 200

        wait_until(settled, 60, "the good model to be loaded")
        ready = httpx.get(f"{url}/ready")
    assert ready.json()["models"] == ["tiny@1"]
    assert [path for path in ready.json()["broken"] if "zebra" in path]


def test_a_wrong_setting_ends_the_start(tmp_path: Path) -> None:
    with started(tmp_path, state_url="mysql://user:secret@host/x") as process:
        reason = refusal(process)
        assert "expected one of memory, redis, sqlite, got 'mysql'; set STATECAST_STATE_URL" in reason
        assert "secret" not in reason
    with started(tmp_path, protocols="forecast,grpc") as process:
        assert "STATECAST_PROTOCOLS: " in refusal(process)
    with started(tmp_path, port="many") as process:
        assert "STATECAST_PORT: " in refusal(process)


def test_a_store_that_another_process_holds_ends_the_start(tmp_path: Path) -> None:
    """Two owners of one file would lose each other's sessions; a traceback does not say which of them to stop."""
    tiny_artifact(tmp_path / "artifacts")
    url = f"sqlite:///{tmp_path}/sessions.db"
    held = open_store(url)
    with started(tmp_path, state_url=url) as process:
        assert "another process holds this store; stop it" in refusal(process)
    held.close()
