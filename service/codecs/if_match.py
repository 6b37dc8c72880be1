"""``If-Match``: for which states of a session a request is meant."""

import re
from collections.abc import Sequence

from service.errors import Unprocessable

_TAG = re.compile(r'(?:W/)?"[^"]*"|[^\s",]+')
_LONGEST = 4096


def read_if_match(header: bytes | None) -> tuple[str, ...]:
    """Read the header.

    Parameters
    ----------
    header : bytes or None
        Digests in quotes, separated by commas, or ``*`` for any; None where there is none.

    Returns
    -------
    tuple of str
        The digests; those of weak tags (``W/"..."``) keep their mark, because they are the digest of no state.

    Raises
    ------
    Unprocessable
        If it names nothing.

    Examples
    --------
    >>> read_if_match(b'"sha256:ab", "sha256:cd"'), read_if_match(None)
    (('sha256:ab', 'sha256:cd'), ())
    """
    if header is None:
        return ()
    tags = _TAG.findall(header[:_LONGEST].decode("latin-1"))
    if not tags:
        raise Unprocessable(
            'If-Match: expected the digest of a session in quotes, such as "sha256:...", got none; name one, or leave '
            "the header out"
        )
    return tuple(tag.strip('"') for tag in tags)


def check_single(match: tuple[str, ...], sessions: Sequence[str | None], what: str) -> None:
    """Refuse a request with the header that is not about one session alone.

    Parameters
    ----------
    match : tuple of str
        What ``read_if_match`` gave.
    sessions : sequence of (str or None)
        Of each part of the request its session.
    what : str
        What the parts are, as messages name them.

    Raises
    ------
    Unprocessable
        If there is more than one part, or the part names no session.
    """
    if match and (len(sessions) != 1 or sessions[0] is None):
        raise Unprocessable(
            f"If-Match: expected a request about one session, got {len(sessions)} {what}; send each session's by "
            "itself, or leave the header out"
        )
