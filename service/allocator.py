"""How the process gets its memory: from one heap for all threads, whose free memory goes back to the system.

And what torch keeps for itself: machine code for a few shapes, not for a thousand.
"""

import ctypes
import os
from contextlib import suppress

_M_ARENA_MAX = -8
"""Of ``mallopt`` in glibc."""
_SHAPES = "128"
"""Of which oneDNN keeps machine code: 0.2 to 0.5 MB each, and half a millisecond to make again."""


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


def keep_few_shapes() -> None:
    """Have torch keep little machine code; to be called before torch computes anything.

    For each length and number of rows that an LSTM, a convolution or a large product has met, oneDNN makes code of its
    own, and keeps that of 1,024 of them: 200 to 400 MB, which clients fill by sending series of all lengths to networks
    that are not compiled. Where ``ONEDNN_PRIMITIVE_CACHE_CAPACITY`` is set, that decides.

    References
    ----------
    https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _SHAPES)
