"""Observations of many sessions, as writers of metrics send them: at any time, in any order, each perhaps twice."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from service.codecs.field_types import session_fault
from service.deadline import Deadline
from service.errors import Fault, QueueFull, ServiceError, TooLarge, Unprocessable
from service.protocols.container import Container
from service.protocols.forecast.answering import Caller, answer_each
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.forecast.series import SeriesRequest
from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps

Observation = tuple[int, float]
"""Seconds since 1970, and the value."""
_CONFLICT = "conflicting_observation"
_OVER = ("session_expired", "gap_too_long")
"""Codes of sessions that a writer which comes back after a long silence would be refused by for ever."""
_AHEAD_S = 3600
"""Seconds that a writer's clock may be ahead. A time that is further ahead is a mistake, for which no session ends."""


@dataclass(frozen=True)
class Written:
    """What became of observations.

    Parameters
    ----------
    left_out : int
        Observations that came too late for their step, which had another value by then.
    begun_anew : int
        Sessions that were over, or whose gap is longer than what is filled, and were opened once more.
    failures : list of (str, ServiceError)
        Sessions that refused theirs, and why.
    """

    left_out: int = 0
    begun_anew: int = 0
    failures: list[tuple[str, ServiceError]] = field(default_factory=list)


async def write_observations(
    container: Container,
    observations: Mapping[str, Sequence[Observation]],
    freq: str,
    model: str | None,
    caller: Caller,
    deadline: Deadline,
) -> Written:
    """Advance sessions, opening those that there are none of; a step takes the first value that comes for it.

    Parameters
    ----------
    container : Container
        What handlers share.
    observations : mapping of str to sequence of Observation
        By session, in any order.
    freq : str
        Of the sessions. A time counts for the step in which it lies.
    model : str or None
        That forecasts them; None for the default one.
    caller : Caller
        Whose sessions they are.
    deadline : Deadline
        Until when it is worth it.

    Returns
    -------
    Written
        All else is kept, and was there before or is new.

    Raises
    ------
    ServiceError
        If all have to be sent once more: the server is busy, stopping, or cannot write. What was kept by then
        counts once all the same.
    """
    if len(observations) > container.settings.max_series:
        raise TooLarge(
            f"body: expected observations of at most {container.settings.max_series} series, got those of "
            f"{len(observations)}; write them in smaller batches"
        )
    steps = {session: _by_step(found, Frequency.parse(freq)) for session, found in observations.items()}
    left_out = sum(len(found) for found in observations.values()) - sum(len(values) for _, values in steps.values())
    wrong = [(session, fault) for session in steps if (fault := session_fault(session))]
    failures: list[tuple[str, ServiceError]] = [
        (session, Unprocessable(fault, faults=[Fault(("session",), fault)])) for session, fault in wrong
    ]
    for session, _ in wrong:
        del steps[session]
    again: dict[str, Steps] = {}
    begun_anew = 0
    for session, error in await _send(container, steps, freq, model, caller, deadline):
        if error.code == _CONFLICT:
            again[session] = _after(steps[session], await _last_second(container, session, caller.owner))
            left_out += len(steps[session][1]) - len(again[session][1])
        elif error.code in _OVER and _last(steps[session]) <= time.time() + _AHEAD_S:
            await container.ready().forecasts.end(session, caller.owner)
            again[session] = steps[session]
            begun_anew += 1
        else:
            failures.append((session, error))
    again = {session: found for session, found in again.items() if len(found[1])}
    failures += await _send(container, again, freq, model, caller, deadline)
    return Written(left_out, begun_anew, failures)


Steps = tuple[NDArray[np.datetime64], NDArray[np.float64]]
"""Times at which steps begin ``[T]``, rising, and values ``[T]``."""


def _by_step(observations: Sequence[Observation], frequency: Frequency) -> Steps:
    seconds, values = np.array([second for second, _ in observations]), np.array([value for _, value in observations])
    order = np.argsort(seconds, kind="stable")
    index, _ = frequency.place(seconds[order].astype("datetime64[s]"))
    index, first = np.unique(index, return_index=True)
    return frequency.times(index), values[order][first]


def _seconds(times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return times.astype("datetime64[s]").astype(np.int64)


def _last(steps: Steps) -> int:
    return int(_seconds(steps[0])[-1])


def _after(steps: Steps, second: int) -> Steps:
    times, values = steps
    newer = _seconds(times) > second
    return times[newer], values[newer]


async def _last_second(container: Container, session: str, owner: str) -> int:
    details = await container.ready().forecasts.session(session, owner)
    text = str(details["last_timestamp"]).removesuffix("Z")
    return int(np.datetime64(text, "s").astype(np.int64))


async def _send(
    container: Container, steps: Mapping[str, Steps], freq: str, model: str | None, caller: Caller, deadline: Deadline
) -> list[tuple[str, ServiceError]]:
    """Advance the sessions; give those that refused."""
    if not steps:
        return []
    series = [
        SeriesRequest(session=session, freq=freq, timestamps=Stamps.of(times), target={"": values})
        for session, (times, values) in steps.items()
    ]
    request = ForecastRequest(series=series, model=model, horizon=1)
    found = await answer_each(container, request, replace(caller, match=()), deadline)
    refused = [
        (session, answer)
        for session, answer in zip(steps, found.answers, strict=True)
        if isinstance(answer, ServiceError)
    ]
    for _, error in refused:
        if error.status >= QueueFull.status:
            raise error
    return refused
