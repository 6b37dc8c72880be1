"""Ids that the server makes: of a request, of a forecast."""

import random
import re
import time
from functools import lru_cache
from itertools import count

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_MADE = count(random.getrandbits(20))
_PLAIN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def ulid() -> str:
    """Make an id of 26 letters that sorts by the millisecond in which it was made.

    Returns
    -------
    str
        Letters of Crockford's base 32.

    Examples
    --------
    >>> len(ulid()), ulid()[:9] <= ulid()[:9]
    (26, True)

    References
    ----------
    ULID, https://github.com/ulid/spec
    """
    # Distinct, not secret: reading randomness from the system would give up the lock, and wait for it, each time.
    n, pairs = next(_MADE), _PAIRS
    return f"{_beginning(time.time_ns() // 1_000_000, n >> 20)}{pairs[n >> 10 & 1023]}{pairs[n & 1023]}"


@lru_cache(maxsize=2)
def _beginning(milliseconds: int, round_: int) -> str:  # noqa: ARG001 (a million ids later it is another one)
    """Letters of the time, and twelve random ones: ids of one millisecond differ in the last four, as of one count."""
    n, pairs = random.getrandbits(60), _PAIRS
    letters = [pairs[milliseconds >> shift & 1023] for shift in (40, 30, 20, 10, 0)]
    return "".join(letters + [pairs[n >> shift & 1023] for shift in (50, 40, 30, 20, 10, 0)])


def request_id(sent: bytes | None) -> str:
    """Give the client's own ``X-Request-ID`` if it is a plain word, else a new one.

    Parameters
    ----------
    sent : bytes or None
        The header.

    Returns
    -------
    str
        The request's id.

    Examples
    --------
    >>> request_id(b"mine-1"), request_id(b"two words")[:3]
    ('mine-1', 'rq_')
    """
    if sent is not None and _PLAIN.fullmatch(sent):
        return sent.decode("ascii")
    return f"rq_{ulid()}"
