"""What two of the examples need: a server of their own, on a free port, for as long as a ``with`` block runs."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


@contextmanager
def served(**settings: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """Start ``python -m service`` with these ``STATECAST_*`` settings; give its address and its process."""
    environment = os.environ | {"STATECAST_PORT": "0"} | settings
    command = [sys.executable, "-m", "service"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        limit = time.monotonic() + 300
        while httpx.get(f"{address}/ready").status_code != 200:
            if time.monotonic() > limit:
                raise TimeoutError(
                    f"{address}/ready has not said yes for five minutes: {httpx.get(f'{address}/ready').text}"
                )
            time.sleep(0.1)
        yield address, process
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
