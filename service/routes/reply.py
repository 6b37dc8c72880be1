"""Answers off the engine as a reply: JSON by arrays, or a long table with one column a quantile."""

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from service.codecs.asked import Asked
from service.errors import ServiceError
from service.jobs import Answer
from service.models import Model
from service.routes.identity import ulid
from service.routes.intent import ARROW, JSON
from service.routes.problems import problem
from statecast.calendar import Freq
from statecast.heads import interpolate_levels

_freq = lru_cache(maxsize=256)(Freq.parse)


@dataclass(frozen=True)
class Served:
    """One series' answer or failure, with what its arrival was warned about."""

    item_id: str | None
    answer: Answer | ServiceError
    warnings: tuple[tuple[str, str], ...] = ()
    variables: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Reply:
    """A whole request, answered."""

    asked: Asked
    model: Model
    horizon: int
    levels: tuple[float, ...]
    served: list[Served]
    request_id: str

    def encode(self, kind: str) -> bytes:
        """Write it as ``kind``."""
        if kind == JSON:
            return orjson.dumps(self._object(), option=orjson.OPT_SERIALIZE_NUMPY)
        return _table_bytes(self._table(text_times=kind != ARROW), kind)

    def _object(self) -> dict[str, Any]:
        answers = [one.answer for one in self.served if isinstance(one.answer, Answer)]
        return {
            "id": f"fc_{ulid()}",
            "model": {"name": self.model.name, "version": self.model.version, "digest": self.model.digest},
            "forecasts": [self._forecast(one) for one in self.served],
            "timing_ms": {
                "queue": round(max((a.result.queue_ms for a in answers), default=0.0), 3),
                "compute": round(max((a.result.compute_ms for a in answers), default=0.0), 3),
            },
        }

    def _forecast(self, one: Served) -> dict[str, Any]:
        answer = one.answer
        if isinstance(answer, ServiceError):
            return {
                "item_id": one.item_id, "start": None, "freq": None, "mean": None, "quantiles": None, "session": None,
                "warnings": [], "error": problem(answer, self.request_id),
            }  # fmt: skip
        names, result = one.variables, answer.result
        quantiles = self.quantiles(answer)
        forecast: dict[str, Any] = {
            "item_id": one.item_id,
            "start": self.times(answer, 1)[0] if answer.freq else None,
            "freq": answer.freq,
            "mean": _by_variable(names, result.mean[:, : self.horizon]),
            "quantiles": {
                repr(level): _by_variable(names, quantiles[:, :, place]) for place, level in enumerate(self.levels)
            },
        }
        if "baseline" in self.asked.include:
            forecast["baseline"] = {
                "name": f"seasonal_naive_{self.model.config.season}",
                "mean": _by_variable(names, result.baseline[:, : self.horizon]),
            }
        if "attention" in self.asked.include:
            forecast["attention"] = {name: _by_variable(names, part) for name, part in result.attention.items()}
        forecast["session"] = answer.session
        forecast["warnings"] = [{"code": code, "detail": detail} for code, detail in (*one.warnings, *answer.warnings)]
        forecast["error"] = None
        return forecast

    def quantiles(self, answer: Answer) -> NDArray[np.float64]:
        """``[V, F, levels]`` at the asked levels, cut to the asked horizon."""
        trained, cut = self.model.config.quantile_levels, answer.result.quantiles[:, : self.horizon]
        return cut if self.levels == trained else interpolate_levels(cut, trained, self.levels)

    def times(self, answer: Answer, steps: int) -> list[str]:
        """RFC 3339 times of the first ``steps`` forecast steps."""
        instants = self._instants(answer, steps)
        return [f"{text}Z" for text in np.datetime_as_string(instants, unit="s")]

    def _instants(self, answer: Answer, steps: int) -> NDArray[np.datetime64]:
        clocks = np.arange(answer.start, answer.start + steps, dtype=np.int64)
        return _freq(answer.freq or "1s").times(clocks, answer.offset)

    def _table(self, text_times: bool) -> pa.Table:
        """One row a series, variable and step; a series that failed is one row with its ``error``."""
        timed = any(isinstance(one.answer, Answer) and one.answer.freq for one in self.served)
        columns: dict[str, list[Any]] = {name: [] for name in ("item_id", "variable", "timestamp", "mean", "error")}
        levels: list[list[Any]] = [[] for _ in self.levels]
        for one in self.served:
            answer = one.answer
            if isinstance(answer, ServiceError):
                _extend(columns, levels, one.item_id, None, np.array([None]), [None], [[None] for _ in levels], answer)
                continue
            quantiles = self.quantiles(answer)
            steps: Any = np.full(self.horizon, None)
            if timed and answer.freq:
                steps = self.times(answer, self.horizon) if text_times else self._instants(answer, self.horizon)
            elif not timed:
                steps = answer.start + np.arange(self.horizon)
            for place, variable in enumerate(one.variables):
                values = [quantiles[place, :, level] for level in range(len(levels))]
                mean = answer.result.mean[place, : self.horizon]
                _extend(columns, levels, one.item_id, variable, steps, mean, values, None)
        kind = pa.int64() if not timed else pa.string() if text_times else pa.timestamp("s", tz="UTC")
        table = {
            "item_id": pa.array(columns["item_id"], pa.string()),
            "variable": pa.array(columns["variable"], pa.string()),
            "timestamp": pa.array(columns["timestamp"], kind),
            "mean": pa.array(columns["mean"], pa.float64()),
        }
        table |= {repr(level): pa.array(part, pa.float64()) for level, part in zip(self.levels, levels, strict=True)}
        if any(columns["error"]):
            table["error"] = pa.array(columns["error"], pa.string())
        if all(one.variables == ("",) for one in self.served):
            del table["variable"]
        return pa.table(table)


def _by_variable(names: tuple[str, ...], values: NDArray[Any]) -> Any:
    """Give ``[V, …]`` the shape of the target: one list, or an object with one a variable."""
    values = np.ascontiguousarray(values)
    return values[0] if names == ("",) else dict(zip(names, values, strict=True))


def _extend(
    columns: dict[str, list[Any]], levels: list[list[Any]], item: str | None, variable: str | None,
    steps: Any, mean: Any, values: list[Any], error: ServiceError | None,
) -> None:  # fmt: skip
    rows = len(mean)
    columns["item_id"] += [item] * rows
    columns["variable"] += [variable] * rows
    columns["timestamp"] += list(steps)
    columns["mean"] += list(mean)
    columns["error"] += [None if error is None else f"{error.code}: {error.detail}"] * rows
    for column, part in zip(levels, values, strict=True):
        column += list(part)


def _table_bytes(table: pa.Table, kind: str) -> bytes:
    sink = io.BytesIO()
    if kind == ARROW:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        pa_csv.write_csv(table, sink, pa_csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()
