"""What came of series that were read in one pass each as a reply: JSON, or a long table."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import orjson

from service.backtests.collected import Collected
from service.backtests.service import Hindcast
from service.codecs.json_parts import write_list
from service.codecs.table_warnings import collect_warnings, metadata_of
from service.codecs.table_writer import TableRows, write_table
from service.errors import ServiceError
from service.http.body import ARROW, JSON
from service.http.ids import ulid
from service.http.problems import problem
from service.models.model import Model
from service.protocols.forecast.series import SeriesRequest

C = TypeVar("C", bound=Collected)


@dataclass(frozen=True)
class PassEncoder(ABC, Generic[C]):
    """Writes the answers of one request.

    Parameters
    ----------
    model : Model
        What forecast.
    series : sequence of SeriesRequest
        What is answered.
    request_id : str
        Repeated in failures.
    """

    model: Model
    series: Sequence[SeriesRequest]
    request_id: str
    prefix: ClassVar[str]
    """Of the answer's id."""
    failed: ClassVar[Mapping[str, Any]]
    """Members of a result beside ``item_id`` and ``error`` where its series failed."""

    @abstractmethod
    def reply(self, pairs: Sequence[tuple[SeriesRequest, Hindcast[C] | ServiceError]]) -> dict[str, Any]:
        """Give what JSON is made of, see ``document``.

        Parameters
        ----------
        pairs : sequence of (SeriesRequest, Hindcast or ServiceError)
            The series and what came of them.
        """

    @abstractmethod
    def rows(self, pairs: Sequence[tuple[SeriesRequest, Hindcast[C] | ServiceError]]) -> TableRows:
        """Give the rows of a table.

        Parameters
        ----------
        pairs : sequence of (SeriesRequest, Hindcast or ServiceError)
            The series and what came of them.
        """

    def encode(self, outcomes: Sequence[Hindcast[C] | ServiceError], kind: str) -> tuple[bytes, list[dict[str, Any]]]:
        """Write a reply.

        Parameters
        ----------
        outcomes : sequence of Hindcast or ServiceError
            One per series of the request, in its order.
        kind : str
            Content type, one of ``http.body.KINDS``.

        Returns
        -------
        bytes
            The body.
        list of dict
            The warnings that a table has no place for, see ``collect_warnings``.
        """
        pairs = list(zip(self.series, outcomes, strict=True))
        if kind == JSON:
            return orjson.dumps(self.reply(pairs), option=orjson.OPT_SERIALIZE_NUMPY), []
        rows, warned = self.table(outcomes)
        return write_table(rows, arrow=kind == ARROW, metadata=metadata_of(warned) if kind == ARROW else {}), warned

    def table(self, outcomes: Sequence[Hindcast[C] | ServiceError]) -> tuple[TableRows, list[dict[str, Any]]]:
        """Give the rows of a table, and the warnings that it has no place for.

        Parameters
        ----------
        outcomes : sequence of Hindcast or ServiceError
            One per series of the request, in its order.
        """
        pairs = list(zip(self.series, outcomes, strict=True))
        warned = collect_warnings(
            (series.item_id, one.series.warnings) for series, one in pairs if not isinstance(one, ServiceError)
        )
        return self.rows(pairs), warned

    def document(
        self,
        pairs: Sequence[tuple[SeriesRequest, Hindcast[C] | ServiceError]],
        about: Mapping[str, Any],
        result: Callable[[Hindcast[C]], Mapping[str, Any]],
        size: int,
    ) -> dict[str, Any]:
        """Put an answer together.

        Parameters
        ----------
        pairs : sequence of (SeriesRequest, Hindcast or ServiceError)
            The series and what came of them.
        about : mapping
            What it says of all series.
        result : callable
            Gives what it says of one that did not fail.
        size : int
            Numbers in one result, about.
        """
        found = [one for _, one in pairs if not isinstance(one, ServiceError)]
        results = [
            {"item_id": series.item_id, **self.failed, "warnings": [], "error": problem(one, self.request_id)}
            if isinstance(one, ServiceError)
            else {"item_id": series.item_id, **_times(one), **result(one), "warnings": _warnings(one), "error": None}
            for series, one in pairs
        ]
        return {
            "id": f"{self.prefix}_{ulid()}",
            "model": self.model.identity,
            **about,
            "results": write_list(results, size),
            # Series that were read together took their time together.
            "timing_ms": {"compute": round(1e3 * sum(one.seconds / one.together for one in found), 3)},
        }


def _times(one: Hindcast[C]) -> dict[str, Any]:
    axis, season = one.series.axis, one.series.model.season
    times: dict[str, Any] = {"freq": None if axis is None else str(axis.frequency)}
    return times if season is None else times | {"season": season}


def _warnings(one: Hindcast[C]) -> list[dict[str, str]]:
    return [{"code": code, "detail": detail} for code, detail in one.series.warnings]
