"""A document: bytes under a key, each change of which is counted, so that none overwrites another unseen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """As it is read, and as it is to be written: applied only where the store holds the revision before it.

    Parameters
    ----------
    key : str
        Of the document; those that belong together begin alike.
    revision : int
        1 of a new one, with each change one more.
    content : bytes or None
        Of any length; None to have it deleted.
    until : float
        When the housekeeping may forget it, in seconds since 1970.
    """

    key: str
    revision: int
    content: bytes | None
    until: float
