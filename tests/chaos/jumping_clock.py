"""``python -m tests.chaos.jumping_clock``: the service, its time of day moved by as many seconds as a file says."""

import os
import sys
import time
from pathlib import Path

_true = time.time
_file = Path(os.environ["CLOCK_FILE"])


def _moved() -> float:
    return _true() + float(_file.read_text())


if __name__ == "__main__":
    time.time = _moved
    from service.__main__ import main  # after the clock, so that nothing holds the true one

    sys.exit(main())
