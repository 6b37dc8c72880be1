"""How surprising values were as a reply: JSON, or a long table with a row per value."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from service.backtests.collected import Surprises
from service.backtests.service import Hindcast
from service.codecs.json_parts import write_list
from service.codecs.table_warnings import collect_warnings, metadata_of
from service.codecs.table_writer import TableRows, write_table
from service.errors import ServiceError
from service.http.body import ARROW, JSON
from service.http.ids import ulid
from service.http.problems import problem
from service.models.model import Model
from service.models.value_bounds import keep_inside
from service.protocols.anomalies.schemas import AnomaliesRequest
from service.protocols.backtest.layout import blocks_of, by_variable, column, compute_ms, times_of
from service.protocols.forecast.series import SeriesRequest

Outcome = Hindcast[Surprises] | ServiceError
Pairs = Sequence[tuple[SeriesRequest, Outcome]]
_FAILED: dict[str, Any] = {
    "start": None, "freq": None, "expected": None, "interval": None, "surprise": None, "flag": None, "flagged": None,
    "warnings": [],
}  # fmt: skip


@dataclass(frozen=True)
class AnomaliesEncoder:
    """Writes the answers of one request.

    Parameters
    ----------
    request : AnomaliesRequest
        What is answered.
    model : Model
        What forecast.
    request_id : str
        Repeated in failures.
    """

    request: AnomaliesRequest
    model: Model
    request_id: str

    def encode(self, outcomes: Sequence[Outcome], kind: str) -> tuple[bytes, list[dict[str, Any]]]:
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
        pairs = list(zip(self.request.series, outcomes, strict=True))
        if kind == JSON:
            return orjson.dumps(self._reply(pairs), option=orjson.OPT_SERIALIZE_NUMPY), []
        warned = collect_warnings(
            (series.item_id, one.series.warnings) for series, one in pairs if not isinstance(one, ServiceError)
        )
        metadata = metadata_of(warned) if kind == ARROW else {}
        return write_table(_rows(pairs), arrow=kind == ARROW, metadata=metadata), warned

    def _reply(self, pairs: Pairs) -> dict[str, Any]:
        found = [one for _, one in pairs if not isinstance(one, ServiceError)]
        results = [
            {"item_id": series.item_id, **_FAILED, "error": problem(one, self.request_id)}
            if isinstance(one, ServiceError)
            else {"item_id": series.item_id, **_result(one)}
            for series, one in pairs
        ]
        return {
            "id": f"an_{ulid()}",
            "model": {"name": self.model.name, "version": self.model.version, "digest": self.model.digest},
            "level": self.request.level,
            "results": write_list(results, 5 * max((one.found.surprise.size for one in found), default=0)),
            "timing_ms": {"compute": compute_ms(found)},
        }


def _result(one: Hindcast[Surprises]) -> dict[str, Any]:
    series, own = one.series, one.series.variables
    mean, lower, upper, surprise, flags = (by_variable(own, values) for values in _columns(one))
    flagged = one.found.flags()
    result: dict[str, Any] = {
        "start": times_of(series.axis, np.array([series.whole.before + 1]))[0],
        "freq": None if series.axis is None else str(series.axis.frequency),
    }
    if series.model.season is not None:
        result["season"] = series.model.season
    return result | {
        "expected": mean,
        "interval": {"lower": lower, "upper": upper},
        "surprise": surprise,
        "flag": {name: _booleans(values) for name, values in flags.items()}
        if isinstance(flags, dict)
        else _booleans(flags),
        "flagged": int(np.nansum(flagged)),
        "warnings": [{"code": code, "detail": detail} for code, detail in series.warnings],
        "error": None,
    }


def _columns(one: Hindcast[Surprises]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean, ends of the interval, surprise and flag of every value, ``[5, V, T]``; the first has none."""
    found, bounds = one.found, (one.series.lower, one.series.upper)
    numbers = found.numbers.reshape(-1, 1, 3)
    kept, _ = keep_inside(numbers, bounds[0].reshape(-1), bounds[1].reshape(-1))
    whole = np.full((5, *one.series.values.shape), np.nan)
    whole[:3, :, 1:] = kept.reshape(found.numbers.shape).transpose(2, 0, 1)
    whole[3, :, 1:], whole[4, :, 1:] = found.surprise, found.flags()
    return whole


def _booleans(values: Any) -> list[bool | None]:
    return [None if isnan(value) else value > 0 for value in values.tolist()]


def _rows(pairs: Pairs) -> TableRows:
    numbers, steps, each = [], [], []
    for _, one in pairs:
        if isinstance(one, ServiceError):
            numbers.append(np.full((6, 1), np.nan))
            steps.append(np.zeros(1, np.int64))
            each.append(1)
            continue
        variables, length = one.series.values.shape
        numbers.append(np.concatenate([one.series.values.reshape(1, -1), _columns(one).reshape(5, -1)]))
        steps.append(np.tile(one.series.whole.before + 1 + np.arange(length), variables))
        each.append(length)
    *values, flags = np.concatenate(numbers, axis=1)
    names = ("target", "expected", "lower", "upper", "surprise")
    columns = {name: column(own) for name, own in zip(names, values, strict=True)}
    columns["flag"] = pa.array(flags > 0, mask=np.isnan(flags))
    return blocks_of(pairs, each, np.concatenate(steps), columns)
