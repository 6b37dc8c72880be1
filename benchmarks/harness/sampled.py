"""The service with a sampler beside it: which folder of the code each thread is in, a thousand times a second.

    python -m benchmarks.harness.sampled FILE

Runs ``python -m service`` as it is, and writes the counts to FILE as JSON when it ends. A sample belongs to the
innermost frame that is in this project, of every thread that is not waiting; one in the event loop's own code is
``http server``.
"""

import json
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from benchmarks.harness.server import ROOT
from service.__main__ import main as serve

_EVERY_S = 0.001
_SERVER = ("uvicorn", "starlette", "fastapi", "prometheus_client")


class Sampler(threading.Thread):
    """Counts until it is stopped; threads that wait are not counted."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="sampler")
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """See the class."""
        while True:
            time.sleep(_EVERY_S)
            for thread, frame in sys._current_frames().items():
                place = None if thread == self.ident else place_of(frame)
                if place:
                    self.counts[place] += 1


def place_of(frame: FrameType | None) -> str | None:
    """Folder that a stack is in: ``service/codecs``, ``statecast/compiled``, or ``http server``; None if it waits."""
    if frame is None or _waits(frame):
        return None
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and ".venv" not in path.parts:
            parts = path.relative_to(ROOT).parts
            return "/".join(parts[:-1]) if len(parts) > 2 else None if parts[-1] == "__main__.py" else parts[-1]
        if any(name in path.parts for name in _SERVER):
            return "http server"
        frame = frame.f_back
    return None


def _waits(frame: FrameType) -> bool:
    """Whether the innermost frame is one in which threads wait for work."""
    name, path = frame.f_code.co_name, frame.f_code.co_filename
    if path.endswith(("threading.py", "queue.py", "selectors.py", "futures/thread.py", "service/threads.py")):
        return True
    return name in ("run", "run_until_complete") and "asyncio" in path


def main() -> int:
    """Serve, then write."""
    # The server raises the signal that ended it once more when it is done; that must not end the process.
    signal.signal(signal.SIGTERM, lambda *_: None)
    sampler = Sampler()
    sampler.start()
    try:
        return serve()
    finally:
        Path(sys.argv[1]).write_text(json.dumps(sampler.counts))


if __name__ == "__main__":
    sys.exit(main())
