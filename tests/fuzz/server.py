"""The service in a process of its own that gives back its free memory when it is asked, so that what it holds shows."""

import ctypes
import gc
import signal
import sys
from contextlib import suppress

import pyarrow as pa

from service.__main__ import main


def _give_back(*_: object) -> None:
    gc.collect()
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _give_back)
    sys.exit(main())
