"""The course of one request for inference, the same over HTTP and gRPC: tensors to series, forecasts to tensors."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from service.codecs.table_warnings import collect_warnings, write_warnings
from service.deadline import Deadline
from service.errors import Conflict, ExpiredSession, ServiceError, UnknownSession
from service.models.work_limits import timeout_of
from service.protocols.container import Container
from service.protocols.forecast.answering import INLINE_VALUES, Caller, ForecastAnswers, answer_forecasts
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.open_inference.inference.reply import InferReply, choose_outputs
from service.protocols.open_inference.inference.request import InferParameters, InferRequest, RequestedOutput
from service.protocols.open_inference.inference.series import forecast_request
from service.protocols.open_inference.inference.statistics import Statistics
from service.protocols.open_inference.inference.tensor import Tensor
from service.protocols.open_inference.inference.tensor_names import MEAN, QUANTILES, TARGET, outputs_of
from service.serving.answer_numbers import numbers_of
from service.serving.series_answer import SeriesAnswer
from service.threads import DECODING


class Inference:
    """Answers requests for inference.

    Parameters
    ----------
    container : Container
        What handlers share.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self.statistics = Statistics()

    async def infer(self, request: InferRequest, caller: Caller, deadline: Deadline, began: float) -> InferReply:
        """Forecast every row; open, advance or end the sequence that the request names.

        Parameters
        ----------
        request : InferRequest
            Decoded.
        caller : Caller
            Who sent it.
        deadline : Deadline
            Until when it is worth it; the request may say less.
        began : float
            ``time.monotonic()`` when it came.

        Returns
        -------
        InferReply
            All rows; the protocol knows no request of which a part failed.

        Raises
        ------
        ServiceError
            If the request is wrong, or a row failed.
        """
        begin, settings = time.perf_counter(), self._container.settings
        given = request.parameters
        model = self._container.ready().catalogue.resolve(request.model, "forecaster")
        try:
            if given.timeout is not None:
                deadline.at = began + timeout_of(-(-given.timeout // 1000), settings) / 1e3
            wanted = choose_outputs(request, [one.name for one in outputs_of(model)])
            values = sum(tensor.values.size for tensor in request.inputs.values())
            if values > INLINE_VALUES:
                asked = await DECODING.run(forecast_request, request, model, settings)
            else:
                asked = forecast_request(request, model, settings)
            read = time.perf_counter()
            found = await self._answer(asked, given, caller, deadline)
            answers = _all(found.answers)
            done = time.perf_counter()
            precise = request.inputs[TARGET].datatype == "FP64"
            several = request.inputs[TARGET].values.ndim == 3
            rows = sum(answer.variables for answer in answers)
            numbers = rows * found.horizon * (len(found.levels) + 1)
            arguments = (found, answers, wanted, "FP64" if precise else "FP32", several)
            outputs, noted = (
                await DECODING.run(_outputs, *arguments) if numbers > INLINE_VALUES else _outputs(*arguments)
            )
            if given.sequence_end and given.sequence_id is not None:
                await self._container.ready().forecasts.end(given.sequence_id, caller.owner)
        except ServiceError:
            self.statistics.failed(model, time.perf_counter() - begin)
            raise
        self.statistics.succeeded(model, answers, (begin, read, done, time.perf_counter()))
        return InferReply(model, request.id, _beside(given, found, asked, noted), outputs)

    async def _answer(
        self, request: ForecastRequest, given: InferParameters, caller: Caller, deadline: Deadline
    ) -> ForecastAnswers:
        """Forecast; a request that starts a sequence takes the place of one that has its id already."""
        sequence = given.sequence_id
        if sequence is None:
            return await answer_forecasts(self._container, request, caller, deadline)
        request.series[0].open = given.sequence_start
        try:
            return await answer_forecasts(self._container, request, caller, deadline)
        except UnknownSession:
            raise UnknownSession(
                f"parameters.sequence_id: expected the id of a sequence that goes on, got {sequence[:80]!r}, of which "
                "there is none; set sequence_start with its first request"
            ) from None
        except ExpiredSession:
            if not given.sequence_start:
                raise
        except Conflict as error:
            if not given.sequence_start or error.code != "session_exists":
                raise
        await self._container.ready().forecasts.end(sequence, caller.owner)
        return await answer_forecasts(self._container, request, caller, deadline)


def _all(answers: Sequence[SeriesAnswer | ServiceError]) -> list[SeriesAnswer]:
    """Give the answers, or fail with the first row that did."""
    for row, answer in enumerate(answers):
        if isinstance(answer, ServiceError):
            answer.detail = f"row {row} of {len(answers)}, so that none is answered: {answer.detail}"
            raise answer
    return [answer for answer in answers if isinstance(answer, SeriesAnswer)]


def _outputs(
    found: ForecastAnswers,
    answers: Sequence[SeriesAnswer],
    wanted: Sequence[RequestedOutput],
    datatype: str,
    several: bool,
) -> tuple[list[tuple[Tensor, bool]], Sequence[SeriesAnswer]]:
    numbers, noted = numbers_of(answers, found.horizon, found.model, found.levels)
    if several:
        rows, (_, steps, columns) = len(answers), numbers.shape
        numbers = numbers.reshape(rows, -1, steps, columns).swapaxes(1, 2)
    values = {MEAN: numbers[..., 0], QUANTILES: numbers[..., 1:]}
    kind = np.float64 if datatype == "FP64" else np.float32
    return [(Tensor(one.name, datatype, values[one.name].astype(kind)), one.binary) for one in wanted], noted


def _beside(
    given: InferParameters, found: ForecastAnswers, asked: ForecastRequest, answers: Sequence[SeriesAnswer]
) -> dict[str, Any]:
    """What a reply says beside its tensors, in texts and flags, because the protocol has no lists there."""
    beside: dict[str, Any] = {"quantile_levels": ",".join(map(repr, found.levels))}
    if given.sequence_id is not None:
        for name in ("sequence_id", "sequence_start", "sequence_end"):
            beside[name] = getattr(given, name)
    items = zip(asked.series, answers, strict=True)
    warned = collect_warnings((series.item_id, answer.warnings) for series, answer in items)
    return beside | ({"warnings": write_warnings(warned).decode()} if warned else {})
