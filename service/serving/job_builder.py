"""From what a session will become to what the engine reads: the calendar added, the horizon filled up."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from service.errors import ServiceError, Unprocessable
from service.models.model import Model
from service.resident.calendar import calendar_columns
from service.scheduling.job import Job, Lease, Writes
from service.sessions.live_metrics import Interval, new_scores
from service.sessions.series_input import SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.turn import SessionTurn
from service.stores.interface import Record
from statecast.errors import StatecastError
from statecast.inputs.level import deviations

R = TypeVar("R")


def build_job(
    model: Model,
    series: SeriesInput,
    update: SessionUpdate,
    record: Record | None = None,
    lease: Lease | None = None,
    writes: Writes | None = None,
    *,
    any_length: bool = False,
) -> Job:
    """Put together what the network reads.

    Parameters
    ----------
    model : Model
        What forecasts.
    series : SeriesInput
        The request's series. A horizon past the network's own is rounded up to whole ones.
    update : SessionUpdate
        What of it is new.
    record : Record or None
        The session, whose times go on where the request gives none.
    lease : Lease or None
        Rows that the job goes on from; None for the empty state.
    writes : Writes or None
        What the job leaves in the store.
    any_length : bool
        See ``Job``.

    Returns
    -------
    Job
        What the engine runs.
    """
    config, steps = model.config, update.target.shape[1]
    wanted = series.horizon or config.horizon
    horizons = -(-wanted // config.horizon)
    reached = wanted if horizons == 1 else horizons * config.horizon
    freq, offset = (series.freq, series.offset) if record is None else (record.freq, record.offset)
    calendar = calendar_columns(config.calendar, freq, offset, update.time_index, steps + reached)
    future = np.zeros((reached, series.future.shape[1]), dtype=np.float32)
    given = series.future[:reached]
    future[: len(given)] = given
    level = np.array(update.level)
    return Job(
        model=model.key,
        target=deviations(update.target, level),
        past=update.past,
        known=np.concatenate([calendar[:steps], update.known], axis=1),
        future=np.concatenate([calendar[steps:], future], axis=1),
        static=series.static if record is None else record.static,
        time_index=update.time_index,
        lease=lease,
        fresh=record is None or lease is None or update.fresh,
        deadline=series.deadline,
        mixed_frequency=update.mixed_frequency.transpose(0, 2, 1).astype(np.float32)
        if config.mixed_frequency
        else None,
        coarse_history=update.coarse_history.astype(np.float32) if config.mixed_frequency else None,
        horizons=horizons,
        any_length=any_length,
        writes=writes,
        level=level,
        origin=update.origin.state if update.origin else b"",
        mark=update.mark,
    )


def new_record(turn: SessionTurn, model: Model, series: SeriesInput, now: float, metrics: Sequence[str] = ()) -> Record:
    """Give the record of a session that is about to be opened, before anything was read.

    Parameters
    ----------
    turn : SessionTurn
        Of the session.
    model : Model
        What forecasts; of a family, the member of the series' season.
    series : SeriesInput
        Its first request.
    now : float
        Seconds since 1970.
    metrics : sequence of str
        Accuracy metrics that it keeps beside the usual ones.

    Returns
    -------
    Record
        Without observations.
    """
    return Record(
        key=turn.key,
        owner=series.owner,
        name=turn.session,
        model=model.digest,
        model_name=str(model),
        freq=series.freq,
        offset=series.offset,
        zone=series.zone,
        variables=series.variables,
        static=series.static,
        interval=Interval.of(model.config.quantile_levels).coverage,
        first_index=0,
        last_index=0,
        count=0,
        tail=np.zeros((len(series.variables), 0)),
        given_tail=np.zeros((len(series.variables), len(model.config.mixed_frequency), 0)),
        checksum=0,
        created_at=now,
        last_used=now,
        expires_at=now,
        kind=model.kind,
        season=model.season,
        scores=new_scores(metrics),
        level=(np.nan,) * len(series.variables),
        below_zero=(False,) * len(series.variables),
        covariates=series.described,
    )


def each(
    prepare: Callable[[SeriesInput, SessionTurn | None], R],
    inputs: Sequence[SeriesInput],
    turns: Sequence[SessionTurn | None],
) -> list[R | ServiceError]:
    """Prepare each series by itself.

    Parameters
    ----------
    prepare : callable
        Called with each series and its turn.
    inputs : sequence of SeriesInput
        The series.
    turns : sequence of (SessionTurn or None)
        One per series.

    Returns
    -------
    list
        What ``prepare`` gave; for a series that it refused the error.
    """
    found: list[R | ServiceError] = []
    for series, turn in zip(inputs, turns, strict=True):
        try:
            found.append(prepare(series, turn))
        except ServiceError as error:
            found.append(error)
        except StatecastError as error:
            found.append(Unprocessable(str(error)))
    return found
