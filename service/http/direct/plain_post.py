"""Requests that can be told apart by their bytes alone, so that refusing one costs no parsing."""

from typing import NamedTuple

_KNOWN = frozenset((b"host", b"user-agent", b"accept", b"accept-encoding", b"content-type", b"content-length"))
"""Headers that change nothing about a refusal; any other is for the parser."""


class PlainPost(NamedTuple):
    """A ``POST`` request of JSON, whole, that stays on its connection.

    Parameters
    ----------
    path : bytes
        As it was sent, without the query.
    query : bytes
        What stands behind ``?``.
    body : bytes
        Whole.
    """

    path: bytes
    query: bytes
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
    >>> plain_post(b"POST /forecast HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}") is None
    True
    """
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or words[0] != b"POST" or words[2] != b"HTTP/1.1" or b"#" in words[1]:
        return None
    # Neither a line's end alone nor a zero is left in any of them.
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
        return None
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or name not in _KNOWN or name in headers:
            return None
        headers[name] = value.strip(b" \t")
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 9 or int(length) != len(body) or not body:
        return None
    if headers.get(b"content-type") != b"application/json":
        return None
    path, _, query = words[1].partition(b"?")
    return PlainPost(path, query, body)
