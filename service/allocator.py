"""How the process gets its memory: from one heap for all threads, whose free memory goes back to the system."""

import ctypes
import os
from contextlib import suppress

_M_ARENA_MAX = -8
"""Of ``mallopt`` in glibc."""


def use_one_heap() -> None:
    """Have all threads, and Arrow, allocate from one heap; to be called before any library starts a thread.

    Else glibc makes a heap for each thread, and Arrow one more for each. What a large body took there is free when it
    is answered, but stays with the process, once for every thread that has met one. Where ``MALLOC_ARENA_MAX`` is set,
    or the C library is another one, that decides.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, 1)
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
