"""The file of a job as series, in parts that are done one after the other."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Generic

from service.codecs.table_writer import table_of
from service.deadline import Deadline
from service.errors import Expired, Fault, Loading, QueueFull, ServiceError, TooLarge, Unprocessable
from service.http.body import CSV
from service.jobs.progress import Progress
from service.jobs.record import JobRecord
from service.jobs.result import write_part
from service.jobs.work import Part
from service.models.model import Model
from service.protocols.backtest.endpoint import PassRequest
from service.protocols.forecast.body import decode_now
from service.protocols.forecast.schemas import R
from service.protocols.forecast.series import SeriesRequest
from service.protocols.jobs.kinds import JobKind
from service.settings import Settings
from service.threads import JOBS

MOST_SERIES = 128
MOST_NUMBERS = 200_000
"""Of one part, read and written, unless one series has more."""
NOTED_WARNINGS = 20
"""Kinds of warnings that a job's answer has."""


class TableWork(Generic[R]):
    """See ``JobWork``.

    Parameters
    ----------
    record : JobRecord
        The job.
    kind : JobKind
        What is done with it.
    body : SeriesBody
        All its series.
    resolved : Model
        What forecasts.
    bounds : sequence of int
        See ``JobWork``.
    """

    def __init__(
        self, record: JobRecord, kind: JobKind[R], body: R, resolved: Model, bounds: Sequence[int]
    ) -> None:  # fmt: skip
        self._record, self._kind, self._body, self._model = record, kind, body, resolved
        self.bounds, self.model = bounds, resolved.identity
        depends = f"{version('statecast')} {resolved.digest} {bounds}"
        self.plan = hashlib.sha256(depends.encode()).hexdigest()

    async def part(self, number: int, deadline: Deadline, progress: Progress) -> Part:  # noqa: ARG002 (it is short)
        """Do a part; see ``JobWork``."""
        record = self._record
        series = self._body.series[self.bounds[number] : self.bounds[number + 1]]
        body = replace(self._body, series=series)
        request = PassRequest(body, record.result_type, record.owner, record.request_id, deadline)
        found = await self._kind.run(request, self._model)
        failures = [one for one in found.outcomes if isinstance(one, ServiceError)]
        for one in failures:
            if isinstance(one, (Loading, QueueFull, Expired)):  # it says nothing of the series
                raise one
        note = found.note | {"failed": len(failures), "warnings": found.warned}
        typed = record.result_type != CSV
        content = await JOBS.run(lambda: write_part(table_of(found.rows, arrow=typed), note))
        return Part(content, len(failures))

    def summary(self, notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Say what is to be said of the whole; see ``JobWork``."""
        warnings: dict[tuple[str, str], dict[str, Any]] = {}
        for one in (one for note in notes for one in note["warnings"]):
            known = warnings.setdefault((one["code"], one["detail"]), one | {"items": 0})
            known["items"] += one["items"]
        told = sorted(warnings.values(), key=lambda one: -one["items"])
        return self._kind.summary(self._body, notes) | {"warnings": told[:NOTED_WARNINGS], "warned": len(told)}


def read_work(
    record: JobRecord,
    data: bytes,
    deadline: Deadline,
    *,
    kind: JobKind[R],
    settings: Settings,
    find_model: Callable[[str | None], Model],
) -> TableWork[R]:
    """Read the file of a job.

    Parameters
    ----------
    record : JobRecord
        The job.
    data : bytes
        Its file.
    deadline : Deadline
        Left where nobody wants it any more.
    kind : JobKind
        What is to be done with it.
    settings : Settings
        Limits.
    find_model : callable
        Finds the model that it names.

    Returns
    -------
    TableWork
        Its parts.

    Raises
    ------
    ServiceError
        If it is wrong as a whole, or over a limit.
    """
    limits = {
        "max_body_bytes": settings.max_job_bytes,
        "max_values": settings.max_job_values,
        "max_series": settings.max_job_series,
    }
    body = decode_now(
        record.content_type, data, record.encoding, record.query, settings.model_copy(update=limits), deadline,
        find_model, kind.shape,
    )  # fmt: skip
    refuse_timeout(body)
    model = find_model(body.model)
    kind.check(body, model)
    return TableWork(record, kind, body, model, _bounds(kind, body, model, settings.max_job_values))


def refuse_timeout(wanted: Any) -> None:
    """Refuse a timeout, which a job has not.

    Parameters
    ----------
    wanted : SeriesBody or TableParameters
        What is requested.

    Raises
    ------
    Unprocessable
        If it names one.
    """
    if wanted.timeout_ms is not None:
        message = f"expected none, because a job takes as long as it takes, got {wanted.timeout_ms}; leave it out"
        raise Unprocessable(f"timeout_ms: {message}", faults=[Fault(("timeout_ms",), message)])


def _bounds(kind: JobKind[R], body: R, model: Model, most: int) -> list[int]:
    """Cut the series into parts; refuse a result that would be too large."""
    bounds, size, whole = [0], 0, 0
    for place, series in enumerate(body.series):
        numbers = kind.numbers(body, series, model)
        whole += numbers
        own = numbers + _values(series)
        if place > bounds[-1] and (size + own > MOST_NUMBERS or place - bounds[-1] == MOST_SERIES):
            bounds.append(place)
            size = 0
        size += own
    if whole > most:
        raise TooLarge(
            f"body: expected a result of at most {most} numbers (STATECAST_MAX_JOB_VALUES), got {len(body.series)} "
            f"series that come to {whole}; send them in several jobs, or request less of each"
        )
    return [*bounds, len(body.series)]


def _values(series: SeriesRequest) -> int:
    return sum(map(len, series.target.values()))
