"""A real server in a process of its own, that can be killed without warning."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from benchmarks.harness.waiting import wait_until


class Server:
    """``python -m service`` on a free port; ``kill`` is SIGKILL, after which ``start`` may be called again."""

    def __init__(self, folder: Path, module: str = "service", **settings: str) -> None:
        names = {f"STATECAST_{name.upper()}": value for name, value in settings.items()}
        plain = {name: value for name, value in os.environ.items() if not name.startswith("STATECAST_")}
        compiled = os.environ.get("STATECAST_COMPILED", "auto")  # to compile takes longer than a test may
        usual = {"STATECAST_PORT": "0", "STATECAST_COMPILED": compiled, "PYTHONUNBUFFERED": "1"}
        self._environment = plain | usual | names
        self._folder, self._module = folder, module
        self._log = folder / f"server-{id(self)}.log"
        """What it has to say of defects; other servers may run in the same folder."""
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self, **changes: str) -> None:
        """Start, and wait until it is ready."""
        self.launch(**changes)
        try:
            wait_until(
                lambda: httpx.get(f"{self.url}/ready", timeout=60).status_code == 200, 240, "the server to become ready"
            )
        except (TimeoutError, httpx.HTTPError):
            self.kill()
            raise

    def launch(self, **changes: str) -> None:
        """Start, with some settings changed for this time, and wait until it listens; it is not ready then."""
        assert self.process is None
        names = {f"STATECAST_{name.upper()}": value for name, value in changes.items()}
        log = self._log.open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            cwd=self._folder,
            env=self._environment | {"PYTHONPATH": str(Path(__file__).parents[2])} | names,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found or self.process.wait(30) == -signal.SIGKILL, f"the server did not start: {line!r}"
        self.url = found[0] if found else ""

    def refusal(self) -> str:
        """What a start says that is expected to fail."""
        run = subprocess.run(
            [sys.executable, "-m", self._module],
            cwd=self._folder,
            env=self._environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
        assert run.returncode == 2, run
        return run.stdout + run.stderr

    def stop(self) -> None:
        """SIGTERM, and wait until what is at work is done; ``kill`` then says what it had to say."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(60)
        assert code == -signal.SIGTERM, f"it ended with {code}"  # uvicorn sends a signal again when all is in order

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            with self.process.stdout as said:
                print(said.read(), end="")  # pytest shows it beside a failure
            said_of_defects = self._log.read_text()
            self._log.unlink()
            if "Traceback" in said_of_defects:
                print(said_of_defects[-20_000:], end="")
            self.process = None
