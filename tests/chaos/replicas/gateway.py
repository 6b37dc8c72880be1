"""nginx in front of two replicas, as the compose profile ``replicas`` has it."""

import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.process import free_port
from benchmarks.harness.waiting import wait_until

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "nginx.conf"


class Gateway:
    """``deploy/nginx.conf`` with ports of this machine instead of the names of containers."""

    def __init__(self, folder: Path, ports: Sequence[int]) -> None:
        folder.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        text = CONFIGURATION.read_text().replace("listen 8000;", f"listen 127.0.0.1:{self.port};")
        for number, port in enumerate(ports, 1):
            text = text.replace(f"replica-{number}:8000", f"127.0.0.1:{port}")
        (folder / "nginx.conf").write_text(text)
        self._command = [
            shutil.which("nginx") or "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"),
            "-e", str(folder / "error.log"), "-g", f"daemon off; pid {folder}/nginx.pid;",
        ]  # fmt: skip
        self._log = folder / "error.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        self._process = subprocess.Popen(self._command)
        wait_until(self._listens, 10, "nginx")

    def kill(self) -> None:
        """Stop it, if it runs; what it has to say is printed, but for replicas that were not there."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
            said = self._log.read_text().splitlines()
            print(*[line for line in said if "Connection refused" not in line][-20:], sep="\n", end="")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
