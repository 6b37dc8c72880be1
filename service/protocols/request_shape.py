"""What one kind of request about series can say, in its body or beside a table in its query string."""

from dataclasses import MISSING, fields
from typing import Any, Generic, TypeVar

from service.codecs.schema import Schema

R = TypeVar("R")


class RequestShape(Generic[R]):
    """The body and the query string of one kind of request about series.

    Parameters
    ----------
    request : type
        The body, a ``SeriesBody``.
    query : type
        The query string, a ``TableParameters``; fields that both have are one, and the body's goes first.
    ahead : bool
        Whether rows at the end of a table, whose target is missing, are read for their covariates.
    """

    def __init__(self, request: type[R], query: type[Any], *, ahead: bool) -> None:
        make: Any = request
        self._make, self.ahead = make, ahead
        self.body: Schema[R] = Schema(request, lambda: make(series=[]))
        self.query: Schema[Any] = Schema(query)
        own = {one.name for one in fields(query)}
        self._shared = {
            one.name: one.default if one.default is not MISSING else one.default_factory
            for one in fields(make)
            if one.name in own
        }

    def of(self, series: list[Any], query: Any) -> R:
        """Make a request out of the series of a table.

        Parameters
        ----------
        series : list of SeriesRequest
            What the table holds.
        query : TableParameters
            What stands beside it.

        Returns
        -------
        SeriesBody
            Of this shape.
        """
        made: R = self._make(series=series, **{name: getattr(query, name) for name in self._shared})
        return made

    def fill(self, request: R, query: Any) -> None:
        """Let a query string fill what a body leaves out.

        Parameters
        ----------
        request : SeriesBody
            Changed in place.
        query : TableParameters
            What the query string says.
        """
        for name, default in self._shared.items():
            if getattr(request, name) == (default() if callable(default) else default):
                setattr(request, name, getattr(query, name))
