"""When a request is sent again, and after how long."""

import random
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time

import httpx

_PASSING = (429, 502, 503, 504)


@dataclass(frozen=True)
class Retries:
    """How often and for how long a client tries.

    A request is sent again after 429, 502, 503, 504 and where the connection failed; always with the same
    ``Idempotency-Key``, so that what arrived before is not applied twice.

    Parameters
    ----------
    most : int
        Times that a request is sent again, from 0.
    first_s : float
        Seconds before the first time; they double from one to the next, less up to a half by chance.
    longest_s : float
        Seconds that are waited at most. Where the server says ``Retry-After`` that counts; one that is longer than this
        is not waited for, and the failure is raised at once.

    Examples
    --------
    >>> Retries(most=0).wait_s(httpx.Response(503), sent=1) is None
    True
    >>> Retries().wait_s(httpx.Response(429, headers={"Retry-After": "2"}), sent=1)
    2.0
    >>> Retries().wait_s(httpx.Response(422), sent=1) is None
    True
    """

    most: int = 4
    first_s: float = 0.2
    longest_s: float = 20.0
    _chance: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def wait_s(self, outcome: httpx.Response | httpx.TransportError, sent: int) -> float | None:
        """Say how long to wait before the same is sent again.

        Parameters
        ----------
        outcome : httpx.Response or httpx.TransportError
            What came of it.
        sent : int
            Times that it was sent so far, from 1.

        Returns
        -------
        float or None
            Seconds; None where it is not to be sent again.
        """
        if sent > self.most:
            return None
        wanted = None
        if isinstance(outcome, httpx.Response):
            if outcome.status_code not in _PASSING:
                return None
            wanted = retry_after_s(outcome)
        elif isinstance(outcome, httpx.UnsupportedProtocol):
            return None
        if wanted is not None:
            return wanted if wanted <= self.longest_s else None
        longest: float = min(self.first_s * 2 ** (sent - 1), self.longest_s)
        return longest * self._chance.uniform(0.5, 1.0)


def retry_after_s(response: httpx.Response) -> float | None:
    """Read ``Retry-After``.

    Parameters
    ----------
    response : httpx.Response
        A failure.

    Returns
    -------
    float or None
        Seconds from now, from 0; None where it says nothing that can be read.

    Examples
    --------
    >>> retry_after_s(httpx.Response(503, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}))
    0.0
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except ValueError:
        return None
