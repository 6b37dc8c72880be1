"""Names that the server gives: of a request, of a forecast."""

import random
import re
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def ulid() -> str:
    """26 letters, sorted by the millisecond they were made in (Crockford's base 32)."""
    # Told apart, not kept secret: asking the system for randomness would give up the lock, and wait for it, each time.
    number = (time.time_ns() // 1_000_000) << 80 | random.getrandbits(80)
    letters = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))


def request_id(given: bytes | None) -> str:
    """The client's own ``X-Request-ID`` if it is a plain word, else a new one."""
    if given is not None and _GIVEN.fullmatch(given):
        return given.decode("ascii")
    return f"rq_{ulid()}"
