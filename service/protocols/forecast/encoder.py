"""Answers of a whole request as its reply: JSON, or a long table. Numbers stay in arrays over all series at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.codecs.json_parts import write_list
from service.codecs.table_warnings import collect_warnings, metadata_of
from service.codecs.table_writer import TableRows, named_numbers, write_table
from service.errors import ServiceError
from service.http.body import ARROW, JSON
from service.http.ids import ulid
from service.http.problems import problem
from service.models.model import Model
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.forecast.series import SeriesRequest
from service.serving.answer_numbers import gather, numbers_of
from service.serving.series_answer import SeriesAnswer
from statecast.config import ForecasterConfig
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency

Doubles = NDArray[np.float64]
Answered = list[tuple[SeriesRequest, SeriesAnswer]]
_FAILED: dict[str, Any] = {
    "start": None,
    "freq": None,
    "mean": None,
    "quantiles": None,
    "session": None,
    "warnings": [],
}


@dataclass(frozen=True)
class ForecastEncoder:
    """Writes the answers of one request.

    Parameters
    ----------
    request : ForecastRequest
        What is answered.
    model : Model
        What forecast.
    horizon : int
        Steps F that were requested.
    levels : tuple of float
        Quantile levels Q that were requested.
    request_id : str
        Repeated in failures.
    """

    request: ForecastRequest
    model: Model
    horizon: int
    levels: tuple[float, ...]
    request_id: str

    def encode(self, answers: Sequence[SeriesAnswer | ServiceError], kind: str) -> tuple[bytes, list[dict[str, Any]]]:
        """Write a reply.

        Parameters
        ----------
        answers : sequence of SeriesAnswer or ServiceError
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
        if kind == JSON:
            return orjson.dumps(self._reply(*self._noted(answers)), option=orjson.OPT_SERIALIZE_NUMPY), []
        rows, warned = self.table(answers)
        metadata = metadata_of(warned) if kind == ARROW else {}
        return write_table(rows, arrow=kind == ARROW, metadata=metadata), warned

    def table(self, answers: Sequence[SeriesAnswer | ServiceError]) -> tuple[TableRows, list[dict[str, Any]]]:
        """Give the rows of a table, and the warnings that it has no place for.

        Parameters
        ----------
        answers : sequence of SeriesAnswer or ServiceError
            One per series of the request, in its order.
        """
        answers, answered, numbers = self._noted(answers)
        warned = collect_warnings((series.item_id, answer.warnings) for series, answer in answered)
        return self._rows(answers, answered, numbers), warned

    def forecasts(self, answers: Sequence[SeriesAnswer | ServiceError]) -> list[dict[str, Any]]:
        """Give each series' forecast as a reply in JSON has it, for a protocol that writes another reply of it.

        Parameters
        ----------
        answers : sequence of SeriesAnswer or ServiceError
            One per series of the request, in its order.

        Returns
        -------
        list of dict
            What orjson writes, arrays included; those that failed have their ``error``.
        """
        return self._all(*self._noted(answers))

    @property
    def numbers(self) -> int:
        """Of one variable's forecast."""
        return self.horizon * (1 + len(self.levels))

    def _all(
        self, answers: Sequence[SeriesAnswer | ServiceError], answered: Answered, numbers: Doubles
    ) -> list[dict[str, Any]]:
        found = self._forecasts(answered, numbers)
        return [
            {"item_id": series.item_id, **_FAILED, "error": problem(answer, self.request_id)}
            if isinstance(answer, ServiceError)
            else {"item_id": series.item_id, **next(found)}
            for series, answer in zip(self.request.series, answers, strict=True)
        ]

    def _noted(
        self, answers: Sequence[SeriesAnswer | ServiceError]
    ) -> tuple[Sequence[SeriesAnswer | ServiceError], Answered, Doubles]:
        """Give the answers with all their warnings, those that did not fail beside their series, and their numbers."""
        found = [answer for answer in answers if isinstance(answer, SeriesAnswer)]
        numbers, noted = numbers_of(found, self.horizon, self.model, self.levels)
        left = iter(noted)
        answers = [next(left) if isinstance(answer, SeriesAnswer) else answer for answer in answers]
        pairs = zip(self.request.series, answers, strict=True)
        return answers, [(series, one) for series, one in pairs if isinstance(one, SeriesAnswer)], numbers

    def _reply(
        self, answers: Sequence[SeriesAnswer | ServiceError], answered: Answered, numbers: Doubles
    ) -> dict[str, Any]:
        return {
            "id": f"fc_{ulid()}",
            "model": self.model.identity,
            "forecasts": write_list(self._all(answers, answered, numbers), self.numbers),
            "timing_ms": {
                "queue": round(max((answer.queue_ms for _, answer in answered), default=0.0), 3),
                "compute": round(max((answer.result.compute_ms for _, answer in answered), default=0.0), 3),
            },
        }

    def _forecasts(self, answered: Answered, numbers: Doubles) -> Iterator[dict[str, Any]]:
        """Give each forecast's object, but for its ``item_id``."""
        include, names = self.request.include, list(map(repr, self.levels))
        if not answered:
            return
        numbers = np.ascontiguousarray(numbers.transpose(0, 2, 1))
        baselines = self._baselines(answered) if "baseline" in include else numbers[:, 0]
        row = 0
        for (series, answer), start in zip(answered, _starts([one for _, one in answered]), strict=True):
            own = tuple(series.target)
            rows = slice(row, row := row + len(own))
            mean, *quantiles = (_by_variable(own, values) for values in numbers[rows].swapaxes(0, 1))
            forecast: dict[str, Any] = {"start": start, "freq": answer.freq}
            if answer.season is not None:
                forecast["season"] = answer.season
            forecast["mean"] = mean
            forecast["quantiles"] = dict(zip(names, quantiles, strict=True))
            if "baseline" in include:
                forecast["baseline"] = {
                    "name": f"seasonal_naive_{self._config(answer).season}",
                    "mean": _by_variable(own, baselines[rows]),
                }
            if "attention" in include:
                forecast["attention"] = self._attention(own, answer)
            forecast["session"] = answer.session
            forecast["warnings"] = [{"code": code, "detail": detail} for code, detail in answer.warnings]
            forecast["error"] = None
            yield forecast

    def _baselines(self, answered: Answered) -> Doubles:
        """Seasonal naive forecasts ``[R, F]``."""
        return gather([(answer.result.baseline, answer.rows) for _, answer in answered], self.horizon)

    def _config(self, answer: SeriesAnswer) -> ForecasterConfig:
        """Shape of the network that answered; a family's has no freq of its own and takes the series'."""
        config = self.model.member(answer.season).config
        return config if answer.season is None else replace(config, freq=answer.freq)

    def _attention(self, own: tuple[str, ...], answer: SeriesAnswer) -> dict[str, Any]:
        """One weight per requested segment by resolution and by naive forecast; one in all by age and by feature."""
        config, rows, result = self._config(answer), answer.rows, answer.result
        segments = -(-self.horizon // config.segment_length)
        weights = {name: part[rows, :segments] for name, part in result.attention.items()}

        def shaped(values: NDArray[Any]) -> Any:
            return _by_variable(own, np.ascontiguousarray(values))

        return {
            **{name: shaped(weights["resolutions"][..., k]) for k, name in enumerate(config.resolution_names)},
            "experts": {name: shaped(weights["experts"][..., k]) for k, name in enumerate(config.naive_forecasts)},
            **{
                kind: {name: shaped(weight[rows]) for name, weight in part.items()}
                for kind, part in result.shares.items()
                if part
            },
        }

    def _rows(self, answers: Sequence[SeriesAnswer | ServiceError], answered: Answered, found: Doubles) -> TableRows:
        """Lay the numbers out one below the other; a series that failed has one row without any."""
        blocks = [
            (series.item_id, name, answer)
            for series, answer in zip(self.request.series, answers, strict=True)
            for name in (series.target if isinstance(answer, SeriesAnswer) else (None,))
        ]
        lengths = np.array([self.horizon if isinstance(answer, SeriesAnswer) else 1 for *_, answer in blocks])
        present = np.repeat([isinstance(answer, SeriesAnswer) for *_, answer in blocks], lengths)
        numbers = np.full((len(present), 1 + len(self.levels)), np.nan)
        steps = np.zeros(len(present), dtype=np.int64)
        if answered:
            numbers[present] = found.reshape(-1, numbers.shape[1])
            starts = np.array([answer.start for series, answer in answered for _ in series.target], dtype=np.int64)
            steps[present] = (starts[:, None] + np.arange(self.horizon)).ravel()
        return TableRows(
            item_ids=[item_id for item_id, _, _ in blocks],
            variables=[name for _, name, _ in blocks],
            errors=[f"{one.code}: {one.detail}" if isinstance(one, ServiceError) else None for *_, one in blocks],
            axes=[_axis(answer) if isinstance(answer, SeriesAnswer) else None for *_, answer in blocks],
            lengths=lengths,
            steps=steps,
            numbers=named_numbers(self.levels, numbers.T),
        )


def _axis(answer: SeriesAnswer) -> TimeAxis | None:
    if answer.freq is None:
        return None
    return TimeAxis(Frequency.parse(answer.freq), answer.offset, answer.zone)


def _starts(answers: Sequence[SeriesAnswer]) -> list[str | None]:
    """Write the time of each answer's first step, all those of one time axis at once."""
    places: dict[tuple[str, int, str], list[int]] = {}
    for place, answer in enumerate(answers):
        if answer.freq is not None:
            places.setdefault((answer.freq, answer.offset, answer.zone), []).append(place)
    starts: list[str | None] = [None] * len(answers)
    for (freq, offset, zone), own in places.items():
        axis = TimeAxis(Frequency.parse(freq), offset, zone)
        texts = axis.texts(np.array([answers[place].start for place in own], dtype=np.int64))
        for place, text in zip(own, texts, strict=True):
            starts[place] = text
    return starts


def _by_variable(own: tuple[str, ...], values: Any) -> Any:
    """Give one value per variable the shape of the target: the one alone, or an object."""
    return values[0] if own == ("",) else dict(zip(own, values, strict=True))
