"""A request for forecasts, once read, on its way to the answers: the same for every protocol that asks for some."""

from dataclasses import dataclass, replace

from service.codecs.if_match import check_single
from service.deadline import Deadline
from service.errors import ServiceError
from service.models.model import Model
from service.models.work_limits import check_reply, horizon_of, levels_of
from service.protocols.container import Container
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.forecast.validation import validate
from service.receipts import RequestKey, receipt_key
from service.serving.series_answer import SeriesAnswer
from service.sessions.series_input import SeriesInput
from service.threads import DECODING

# Values in, or numbers out, above which a request's numpy work leaves the loop.
INLINE_VALUES = 50_000


@dataclass(frozen=True)
class Caller:
    """Who sent a request for forecasts, and for what.

    Parameters
    ----------
    owner : str
        Whose sessions it may name.
    match : tuple of str
        For which states of its session it is meant, see ``read_if_match``.
    key : RequestKey or None
        Its ``Idempotency-Key``.
    """

    owner: str
    match: tuple[str, ...] = ()
    key: RequestKey | None = None


@dataclass(frozen=True)
class ForecastAnswers:
    """What came of a request.

    Parameters
    ----------
    model : Model
        What forecast.
    horizon : int
        Steps F ahead.
    levels : tuple of float
        Quantile levels Q that were requested.
    answers : list of SeriesAnswer or ServiceError
        One per series, in the request's order.
    """

    model: Model
    horizon: int
    levels: tuple[float, ...]
    answers: list[SeriesAnswer | ServiceError]


async def answer_forecasts(
    container: Container, request: ForecastRequest, caller: Caller, deadline: Deadline
) -> ForecastAnswers:
    """Answer a request, of which at least one series has to succeed; see ``answer_each``.

    Parameters
    ----------
    container, request, caller, deadline
        As ``answer_each`` takes them.

    Returns
    -------
    ForecastAnswers
        A series that failed has its error in the place of its answer.

    Raises
    ------
    ServiceError
        If the request as a whole is wrong or late, or all its series failed.
    """
    found = await answer_each(container, request, caller, deadline)
    container.check_answers(found.answers, key=caller.key)
    if not any(series.session for series in request.series):
        deadline.check()  # what a session has kept is answered, however late
    return found


async def answer_each(
    container: Container, request: ForecastRequest, caller: Caller, deadline: Deadline
) -> ForecastAnswers:
    """Check a request against its model and the limits, and forecast all its series at once.

    Parameters
    ----------
    container : Container
        What handlers share.
    request : ForecastRequest
        What was read; each series holds its own faults.
    caller : Caller
        Who sent it.
    deadline : Deadline
        Until when it is worth it.

    Returns
    -------
    ForecastAnswers
        A series that failed has its error in the place of its answer.

    Raises
    ------
    ServiceError
        If the request as a whole is wrong.
    """
    services, settings = container.ready(), container.settings
    model = services.catalogue.resolve(request.model, "forecaster")
    horizon = horizon_of(request.horizon, model)
    levels = tuple(levels_of(request.quantile_levels, model.config, settings))
    check_reply(sum([len(series.target) or 1 for series in request.series]), horizon, levels, settings)
    check_single(caller.match, [series.session for series in request.series], "series")
    inputs = await _validate(container, request, model, horizon, caller.owner, deadline)
    valid = [one for one in inputs if isinstance(one, SeriesInput)]
    if caller.match or caller.key or request.says_more:
        level, late, changed = request.anomaly_level, request.on_conflict, request.on_model_change
        valid = [
            replace(
                one, match=caller.match, anomaly_level=level, on_conflict=late, on_model_change=changed,
                receipt=receipt_key(caller.key, place),
            )
            for place, one in enumerate(inputs)
            if isinstance(one, SeriesInput)
        ]  # fmt: skip
    found = iter(await services.forecasts.forecast_many(model, valid))
    answers = [next(found) if isinstance(one, SeriesInput) else one for one in inputs]
    return ForecastAnswers(model, horizon, levels, answers)


async def _validate(
    container: Container, request: ForecastRequest, model: Model, horizon: int, owner: str, deadline: Deadline
) -> list[SeriesInput | ServiceError]:
    # A series costs about as much to check as 500 values; to look for a season takes ten times as long as all else.
    values = sum(500 + sum(map(len, one.target.values())) for one in request.series)
    if (10 if model.longest_season else 1) * values > INLINE_VALUES:
        return await DECODING.run(validate, request, model, container.settings, horizon, owner, deadline)
    return validate(request, model, container.settings, horizon, owner, deadline)
