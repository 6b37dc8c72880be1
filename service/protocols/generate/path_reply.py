"""Paths as a reply: whole, or step by step."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.codecs.json_parts import PART_VALUES, write_list
from service.deadline import Deadline
from service.errors import ServiceError, Unprocessable
from service.http.ids import ulid
from service.http.problems import problem
from service.models.model import Model
from service.models.value_bounds import keep_inside
from service.protocols.generate.schemas import PathsRequest
from service.serving.answer_numbers import ends_of, noted
from service.serving.series_answer import SeriesAnswer
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency


@dataclass(frozen=True)
class PathStart:
    """Where the paths of one series begin, or why there are none.

    Parameters
    ----------
    item_id : str or None
        Name of the series.
    variables : tuple of str
        Names of its V variables; one without a name where the target is a list.
    forecast : SeriesAnswer or ServiceError
        Its state is where the paths go on.
    """

    item_id: str | None
    variables: tuple[str, ...]
    forecast: SeriesAnswer | ServiceError


@dataclass
class PathReply:
    """The answer to one request for paths.

    Parameters
    ----------
    request : PathsRequest
        What is answered.
    model : Model
        What draws them.
    levels : tuple of float
        Quantile levels Q.
    seed : int
        Of the draws.
    series : list of PathStart
        One per series of the request, in its order.
    request_id : str
        Under which the server's log has the request.
    deadline : Deadline
        Until when the answer is worth writing.
    samples : array of float64, ``[R, S, F]``
        S paths of the R variables of all series that did not fail, in the target's unit.
    id : str
        Of the answer.
    """

    request: PathsRequest
    model: Model
    levels: tuple[float, ...]
    seed: int
    series: list[PathStart]
    request_id: str
    deadline: Deadline
    samples: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0, 0)))
    id: str = field(default_factory=lambda: f"gen_{ulid()}")

    def head(self) -> dict[str, Any]:
        """Give what is known before the first step.

        Returns
        -------
        dict
            Members ``id``, ``model`` and ``seed``.
        """
        model = self.model
        return {
            "id": self.id,
            "model": model.identity,
            "seed": self.seed,
        }

    def keep(self, samples: NDArray[np.float64]) -> None:
        """Keep the paths, inside of their bounds; a series with one that is not finite fails.

        Parameters
        ----------
        samples : array of float64, ``[R, S, F]``
            In the order of ``series``.
        """
        finite = np.array([np.isfinite(paths).all() for paths in samples])
        self.samples = samples if finite.all() else self._dropped(samples, finite)
        answers = [one.forecast for one in self.series if isinstance(one.forecast, SeriesAnswer)]
        self.samples, outside = keep_inside(self.samples, *ends_of(answers))
        told = iter(noted(answers, outside))
        self.series = [
            replace(one, forecast=next(told)) if isinstance(one.forecast, SeriesAnswer) else one for one in self.series
        ]

    def _dropped(self, samples: NDArray[np.float64], finite: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Let series with a path that is not finite fail; gives the paths of the others."""
        kept = []
        for place, (one, rows) in enumerate(self._rows()):
            if rows is None or finite[rows].all():
                kept += [] if rows is None else list(range(rows.start, rows.stop))
                continue
            error = Unprocessable(
                "target: expected values from which paths can be drawn, got some that are not finite; rescale values "
                "near the limit of float32",
                code="not_forecastable",
            )
            self.series[place] = replace(one, forecast=error)
        return samples[kept]

    def whole(self, samples: bool = True) -> dict[str, Any]:
        """Give the whole answer.

        Parameters
        ----------
        samples : bool
            Whether it holds the paths; false where they were sent step by step.

        Returns
        -------
        dict
            What orjson writes, arrays included.
        """
        quantiles = None
        if "quantiles" in self.request.returns and self.samples.size:
            quantiles = self._quantiles()
        samples = samples and "samples" in self.request.returns
        return self.head() | {"paths": [self._path(one, rows, samples, quantiles) for one, rows in self._rows()]}

    def steps(self) -> Iterator[dict[str, Any]]:
        """Give one horizon step of all paths at a time.

        Yields
        ------
        dict
            ``step`` from 0, and ``values`` of each series: S numbers, by variable where there are several.
        """
        rows = list(self._rows())
        by_step = np.ascontiguousarray(self.samples.transpose(2, 0, 1))
        for step, values in enumerate(by_step):
            shaped = [None if part is None else self._by_variable(one.variables, values[part]) for one, part in rows]
            yield {"step": step, "values": shaped}

    def _quantiles(self) -> NDArray[np.float64]:
        """Quantiles over the paths, ``[Q, R, F]``, some steps at a time."""
        rows, samples, horizon = self.samples.shape
        by_step = self.samples.transpose(0, 2, 1).reshape(rows * horizon, samples)
        found = np.empty((len(self.levels), rows * horizon))
        size = max(1, PART_VALUES // samples)
        for begin in range(0, len(by_step), size):
            self.deadline.check()
            found[:, begin : begin + size] = np.quantile(by_step[begin : begin + size], self.levels, axis=1)
        return found.reshape(-1, rows, horizon)

    def _by_variable(self, names: tuple[str, ...], values: NDArray[np.float64]) -> Any:
        """Give ``[V, …]`` the shape of the target: one list, or an object with one list per variable."""
        check = self.deadline.check
        written = [write_list(one, one[:1].size, check) for one in np.ascontiguousarray(values)]
        return written[0] if names == ("",) else dict(zip(names, written, strict=True))

    def _rows(self) -> Iterator[tuple[PathStart, slice | None]]:
        """Each series with its rows of ``samples``, None where it failed."""
        begin = 0
        for one in list(self.series):
            if isinstance(one.forecast, ServiceError):
                yield one, None
                continue
            end = begin + one.forecast.variables
            yield one, slice(begin, end)
            begin = end

    def _path(
        self, one: PathStart, rows: slice | None, samples: bool, quantiles: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        forecast = one.forecast
        path: dict[str, Any] = {"item_id": one.item_id, "start": None, "freq": None}
        if samples:
            path["samples"] = None
        if "quantiles" in self.request.returns:
            path["quantiles"] = None
        path |= {"warnings": [], "error": None}
        if isinstance(forecast, ServiceError) or rows is None:
            failed = forecast if isinstance(forecast, ServiceError) else ServiceError("the paths failed")
            return path | {"error": problem(failed, self.request_id)}
        if forecast.freq is not None:
            axis = TimeAxis(Frequency.parse(forecast.freq), forecast.offset, forecast.zone)
            path |= {"start": axis.texts(np.array([forecast.start]))[0], "freq": forecast.freq}
        if forecast.season is not None:
            path["season"] = forecast.season
        if samples:
            path["samples"] = self._by_variable(one.variables, self.samples[rows])
        if quantiles is not None:
            path["quantiles"] = {
                repr(level): self._by_variable(one.variables, quantiles[place, rows])
                for place, level in enumerate(self.levels)
            }
        return path | {"warnings": [{"code": code, "detail": detail} for code, detail in forecast.warnings]}
