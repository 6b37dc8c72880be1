"""Paths as a reply: whole, or step by step."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import ServiceError, Unprocessable
from service.http.ids import ulid
from service.http.problems import problem
from service.protocols.generate.schemas import PathsRequest
from service.serving.catalog import Model
from service.serving.series_answer import SeriesAnswer
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency


@dataclass(frozen=True)
class Begun:
    """One series: where its paths begin, or why there are none."""

    item_id: str | None
    variables: tuple[str, ...]
    branched: SeriesAnswer | ServiceError
    warnings: tuple[tuple[str, str], ...] = ()


@dataclass
class PathReply:
    """A whole request for paths. drawn: ``[R, samples, H]`` for the variables of the series that did not fail."""

    wanted: PathsRequest
    model: Model
    levels: tuple[float, ...]
    seed: int
    series: list[Begun]
    request_id: str
    drawn: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0, 0), dtype=np.float32))
    id: str = field(default_factory=lambda: f"gen_{ulid()}")

    def head(self) -> dict[str, Any]:
        """Tell what is known before the first step."""
        model = self.model
        return {
            "id": self.id,
            "model": {"name": model.name, "version": model.version, "digest": model.digest},
            "seed": self.seed,
        }

    def take(self, drawn: NDArray[np.float64]) -> None:
        """Take the paths in; series of which one is not finite fail."""
        with np.errstate(over="ignore"):
            self.drawn = drawn.astype(np.float32)
        finite = np.array([np.isfinite(paths).all() for paths in self.drawn])
        if finite.all():
            return
        kept = []
        for place, (one, rows) in enumerate(self._rows()):
            if rows is None or finite[rows].all():
                kept += [] if rows is None else list(range(rows.start, rows.stop))
                continue
            error = Unprocessable(
                "target: expected values that paths can be drawn from, but some came out as not a number; are values "
                "near the limit of float32? Rescale them",
                code="not_forecastable",
            )
            self.series[place] = Begun(one.item_id, one.variables, error)
        self.drawn = self.drawn[kept]

    def whole(self, samples: bool = True) -> dict[str, Any]:
        """Tell everything; without ``samples`` where they were sent step by step."""
        quantiles = None
        if "quantiles" in self.wanted.returns and self.drawn.size:
            quantiles = np.quantile(self.drawn, self.levels, axis=1).astype(np.float32)
        samples = samples and "samples" in self.wanted.returns
        return self.head() | {"paths": [self._path(one, rows, samples, quantiles) for one, rows in self._rows()]}

    def steps(self) -> Iterator[dict[str, Any]]:
        """Tell one horizon step of all paths at a time."""
        rows = list(self._rows())
        by_step = np.ascontiguousarray(self.drawn.transpose(2, 0, 1))
        for step, values in enumerate(by_step):
            shaped = [None if part is None else _by_variable(one.variables, values[part]) for one, part in rows]
            yield {"step": step, "values": shaped}

    def _rows(self) -> Iterator[tuple[Begun, slice | None]]:
        """Each series with its rows of ``drawn``, None where it failed."""
        begin = 0
        for one in list(self.series):
            if isinstance(one.branched, ServiceError):
                yield one, None
                continue
            end = begin + one.branched.variables
            yield one, slice(begin, end)
            begin = end

    def _path(
        self, one: Begun, rows: slice | None, samples: bool, quantiles: NDArray[np.float32] | None
    ) -> dict[str, Any]:
        branched = one.branched
        path: dict[str, Any] = {"item_id": one.item_id, "start": None, "freq": None}
        if samples:
            path["samples"] = None
        if "quantiles" in self.wanted.returns:
            path["quantiles"] = None
        path |= {"warnings": [], "error": None}
        if isinstance(branched, ServiceError) or rows is None:
            failed = branched if isinstance(branched, ServiceError) else ServiceError("the paths failed")
            return path | {"error": problem(failed, self.request_id)}
        if branched.freq is not None:
            axis = TimeAxis(Frequency.parse(branched.freq), branched.offset, branched.zone)
            path |= {"start": axis.texts(np.array([branched.start]))[0], "freq": branched.freq}
        if branched.season is not None:
            path["season"] = branched.season
        if samples:
            path["samples"] = _by_variable(one.variables, self.drawn[rows])
        if quantiles is not None:
            path["quantiles"] = {
                repr(level): _by_variable(one.variables, quantiles[place, rows])
                for place, level in enumerate(self.levels)
            }
        told = (*one.warnings, *branched.warnings)
        return path | {"warnings": [{"code": code, "detail": detail} for code, detail in told]}


def _by_variable(names: tuple[str, ...], values: NDArray[Any]) -> Any:
    """Give ``[V, …]`` the shape of the target: one list, or an object with one a variable."""
    values = np.ascontiguousarray(values)
    return values[0] if names == ("",) else dict(zip(names, values, strict=True))
