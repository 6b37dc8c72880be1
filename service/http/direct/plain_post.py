"""Requests that are read by their bytes alone, without the parser: the plainest form of a ``POST``."""

from functools import lru_cache
from typing import NamedTuple

_KNOWN = frozenset(
    (b"host", b"user-agent", b"accept", b"accept-encoding", b"content-type", b"content-length", b"connection")
)
"""Headers that may stand in a plain request; any other is for the parser."""
_LONGEST = 1024
"""Bytes of a head that is plain: what clients send, again and again."""


class PlainHead(NamedTuple):
    """What stands before the body of a plain request.

    Parameters
    ----------
    path : bytes
        As it was sent, without the query.
    query : bytes
        What stands behind ``?``.
    length : int
        Bytes of the body.
    headers : tuple of (bytes, bytes)
        All of them, names in lower case.
    """

    path: bytes
    query: bytes
    length: int
    headers: tuple[tuple[bytes, bytes], ...]

    def header(self, name: bytes) -> bytes:
        """Give a header.

        Parameters
        ----------
        name : bytes
            In lower case.

        Returns
        -------
        bytes
            Empty where it was not sent.
        """
        return next((value for own, value in self.headers if own == name), b"")


class PlainPost(NamedTuple):
    """A ``POST`` request, whole, that stays on its connection.

    Parameters
    ----------
    head : PlainHead
        What stands before the body.
    body : bytes
        Whole.
    """

    head: PlainHead
    body: bytes


def plain_post(data: bytes) -> PlainPost | None:
    r"""Read a request if it is of the plainest form, one that every parser reads in the same way.

    Parameters
    ----------
    data : bytes
        What came at once on a connection on which nothing is due.

    Returns
    -------
    PlainPost or None
        None for everything else, such as part of a request or two of them.

    Examples
    --------
    >>> plain_post(b"POST /forecast HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").body
    b'{}'
    >>> plain_post(b"POST /forecast HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}") is None
    True
    """
    end = data.find(b"\r\n\r\n", 0, _LONGEST)
    if end < 0:
        return None
    head = _head(data[:end])
    if head is None or end + 4 + head.length != len(data):
        return None
    return PlainPost(head, data[end + 4 :])


@lru_cache(maxsize=256)
def _head(head: bytes) -> PlainHead | None:
    """Whoever streams sends the same head again and again; requests of one length share it."""
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or words[0] != b"POST" or words[2] != b"HTTP/1.1" or b"#" in words[1]:
        return None
    # Neither a line's end alone, nor a zero, nor a letter that parsers disagree on is left in any of them.
    if not all(line.isascii() and line.decode("ascii").isprintable() for line in (words[1], *lines)):
        return None
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or name not in _KNOWN or name in headers:
            return None
        headers[name] = value.strip(b" ")
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 9 or not int(length):
        return None
    if headers.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    path, _, query = words[1].partition(b"?")
    return PlainHead(path, query, int(length), tuple(headers.items()))
