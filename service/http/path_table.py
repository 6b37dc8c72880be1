"""What is known of a path before its handler runs: its label in the metrics, its methods, its shape of an error."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from service.errors import ServiceError


class Failure(NamedTuple):
    """A failure as it goes over the wire.

    Parameters
    ----------
    status : int
        Of HTTP.
    headers : list of (bytes, bytes)
        Without ``Content-Length``.
    body : bytes
        The body, whole.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def lines(self) -> bytes:
        """The headers as lines."""
        return b"".join(b"%s: %s\r\n" % pair for pair in self.headers)


ErrorShape = Callable[[ServiceError, str], Failure]
"""Gives a failure its form for one kind of client; the second argument is the request's id."""


@dataclass(frozen=True)
class PathEntry:
    """One path, or a template of paths such as ``/sessions/{id}``."""

    template: str
    """Label of the path in the metrics, so that no client can make up labels."""
    methods: tuple[str, ...]
    """What 405 names in ``Allow``."""
    failure: ErrorShape
    open: bool = False
    """Whether it answers without an API key."""


class PathTable:
    """All paths of an app.

    Parameters
    ----------
    failure : ErrorShape
        Of paths that belong to nobody.

    Examples
    --------
    >>> table = PathTable(lambda error, identity: Failure(500, [], b""))
    >>> table.add("/sessions/{id}", ("GET",), table.unknown.failure)
    >>> table.add("/sessions/{id}", ("DELETE",), table.unknown.failure)
    >>> table.find("/sessions/a").methods, table.find("/wp-admin").template
    (('GET', 'DELETE'), 'other')
    """

    def __init__(self, failure: ErrorShape) -> None:
        self.unknown = PathEntry("other", (), failure)
        self._entries: dict[str, PathEntry] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._prefixes: dict[str, PathEntry] = {}

    def add(self, template: str, methods: tuple[str, ...], failure: ErrorShape, *, open: bool = False) -> None:
        """Add a path, or more methods of one that is there.

        Parameters
        ----------
        template : str
            The path; a part in braces stands for anything without a slash.
        methods : tuple of str
            Of its handler.
        failure : ErrorShape
            How its clients expect an error.
        open : bool
            Whether it answers without an API key.
        """
        known = self._entries.get(template)
        methods = tuple(dict.fromkeys((*(known.methods if known else ()), *methods)))
        self._entries[template] = PathEntry(template, methods, failure, open)
        if "{" in template:
            parts = re.split(r"\{[^}]*\}", template)
            self._patterns[template] = re.compile("[^/]+".join(map(re.escape, parts)))

    def add_prefix(self, prefix: str, failure: ErrorShape) -> None:
        """Give unknown paths that begin alike their shape of an error.

        Parameters
        ----------
        prefix : str
            How they begin, such as ``/v1/``.
        failure : ErrorShape
            How their clients expect an error.
        """
        self._prefixes[prefix] = PathEntry("other", (), failure)

    def find(self, path: str) -> PathEntry:
        """Find what is known of a path.

        Parameters
        ----------
        path : str
            Of a request.

        Returns
        -------
        PathEntry
            ``unknown``, or that of its prefix, where no entry has it.
        """
        entry = self._entries.get(path)
        if entry is not None:
            return entry
        for template, pattern in self._patterns.items():
            if pattern.fullmatch(path):
                return self._entries[template]
        return next((entry for prefix, entry in self._prefixes.items() if path.startswith(prefix)), self.unknown)
