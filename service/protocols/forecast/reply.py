"""Answers off the engine as a reply: JSON by arrays, or a long table with one column a quantile."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.errors import ServiceError
from service.http.body import ARROW, JSON
from service.http.ids import ulid
from service.http.problems import problem
from service.protocols.forecast.reply_table import Block, write_table
from service.protocols.forecast.schemas import ForecastRequest
from service.serving.catalog import Model
from service.serving.series_answer import SeriesAnswer
from statecast.config import ForecasterConfig
from statecast.layers.heads import interpolate_levels
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency


@dataclass(frozen=True)
class Served:
    """One series' answer or failure, with what its arrival was warned about."""

    item_id: str | None
    answer: SeriesAnswer | ServiceError
    warnings: tuple[tuple[str, str], ...] = ()
    variables: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Reply:
    """A whole request, answered."""

    asked: ForecastRequest
    model: Model
    horizon: int
    levels: tuple[float, ...]
    served: list[Served]
    request_id: str

    def encode(self, kind: str) -> bytes:
        """Write it as ``kind``."""
        if kind == JSON:
            return orjson.dumps(self._object(), option=orjson.OPT_SERIALIZE_NUMPY)
        return write_table(self._blocks(), self.levels, arrow=kind == ARROW)

    def _object(self) -> dict[str, Any]:
        answers = [one.answer for one in self.served if isinstance(one.answer, SeriesAnswer)]
        return {
            "id": f"fc_{ulid()}",
            "model": {"name": self.model.name, "version": self.model.version, "digest": self.model.digest},
            "forecasts": [self._forecast(one) for one in self.served],
            "timing_ms": {
                "queue": round(max((a.queue_ms for a in answers), default=0.0), 3),
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
        names = one.variables
        quantiles = self.quantiles(answer)
        forecast: dict[str, Any] = {
            "item_id": one.item_id,
            "start": self.times(answer, 1)[0] if answer.freq else None,
            "freq": answer.freq,
            **({} if answer.season is None else {"season": answer.season}),
            "mean": _by_variable(names, answer.mean[:, : self.horizon]),
            "quantiles": {
                repr(level): _by_variable(names, quantiles[:, :, place]) for place, level in enumerate(self.levels)
            },
        }
        if "baseline" in self.asked.include:
            forecast["baseline"] = {
                "name": f"seasonal_naive_{self._config(answer).season}",
                "mean": _by_variable(names, answer.baseline[:, : self.horizon]),
            }
        if "attention" in self.asked.include:
            forecast["attention"] = self._attention(names, answer, self._config(answer))
        forecast["session"] = answer.session
        forecast["warnings"] = [{"code": code, "detail": detail} for code, detail in (*one.warnings, *answer.warnings)]
        forecast["error"] = None
        return forecast

    def _config(self, answer: SeriesAnswer) -> ForecasterConfig:
        """Shape of the network that answered; a family's has no freq of its own and takes the series'."""
        config = self.model.member(answer.season).config
        return config if answer.season is None else replace(config, freq=answer.freq)

    def _attention(self, names: tuple[str, ...], answer: SeriesAnswer, config: ForecasterConfig) -> dict[str, Any]:
        """One weight per segment asked for by resolution and by naive forecast; one in all by age and by feature."""
        segments = -(-self.horizon // config.segment_length)
        rows, result = answer.rows, answer.result
        weights = {name: part[rows, :segments] for name, part in result.attention.items()}
        resolutions = enumerate(config.resolution_names)
        return {
            **{name: _by_variable(names, weights["resolutions"][..., k]) for k, name in resolutions},
            "experts": {
                name: _by_variable(names, weights["experts"][..., k]) for k, name in enumerate(config.naive_forecasts)
            },
            **{
                kind: {name: _by_variable(names, weight[rows]) for name, weight in part.items()}
                for kind, part in result.shares.items()
                if part
            },
        }

    def quantiles(self, answer: SeriesAnswer) -> NDArray[np.float64]:
        """``[V, F, levels]`` at the asked levels, cut to the asked horizon."""
        trained, cut = self.model.config.quantile_levels, answer.quantiles[:, : self.horizon]
        return cut if self.levels == trained else interpolate_levels(cut, trained, self.levels)

    def times(self, answer: SeriesAnswer, steps: int) -> list[str]:
        """RFC 3339 times of the first ``steps`` forecast steps."""
        return _axis(answer).texts(answer.start + np.arange(steps, dtype=np.int64))

    def _blocks(self) -> Iterator[Block]:
        for one in self.served:
            answer = one.answer
            if isinstance(answer, ServiceError):
                yield Block(one.item_id, error=f"{answer.code}: {answer.detail}")
                continue
            quantiles = self.quantiles(answer)
            steps = answer.start + np.arange(self.horizon, dtype=np.int64)
            axis = _axis(answer)
            instants = axis.instants(steps).astype(np.int64) if answer.freq else None
            for place, name in enumerate(one.variables):
                mean = answer.mean[place, : self.horizon]
                numbers = np.column_stack([mean, quantiles[place]])
                yield Block(one.item_id, name, steps, instants, numbers, zone=axis.zone)


def _axis(answer: SeriesAnswer) -> TimeAxis:
    return TimeAxis(Frequency.parse(answer.freq or "1s"), answer.offset, answer.zone)


def _by_variable(names: tuple[str, ...], values: NDArray[Any]) -> Any:
    """Give ``[V, …]`` the shape of the target: one list, or an object with one a variable."""
    values = np.ascontiguousarray(values)
    return values[0] if names == ("",) else dict(zip(names, values, strict=True))
