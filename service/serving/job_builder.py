"""From an admitted arrival to what the engine reads: the calendar added, the horizon filled up."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from service.scheduling.job import Floats, Job, Lease, ReadJob
from service.serving.catalog import Model
from service.sessions.commit import CommitJob
from service.sessions.live_metrics import Interval, new_scores
from service.sessions.series_input import SeriesInput
from service.sessions.update import SessionUpdate
from service.stores.interface import Record
from statecast.config import ForecasterConfig
from statecast.time.features import calendar_features
from statecast.time.frequency import Frequency

_freq = lru_cache(maxsize=64)(Frequency.parse)


def job_of(model: Model, arrival: SeriesInput, plan: SessionUpdate, record: Record | None, horizon: int = 0) -> Job:
    """Put together what the network reads; times go on from the session's where the arrival gives none.

    ``horizon``: steps wanted; what passes the network's own is rounded up to whole horizons.
    """
    config, steps = model.config, plan.target.shape[1]
    beyond = (max(horizon, 1) - 1) // config.horizon * config.horizon
    reached = config.horizon + beyond
    freq, offset = (arrival.freq, arrival.offset) if record is None else (record.freq, record.offset)
    calendar = _calendar(config, freq, offset, plan.clock, steps + reached)
    future = np.zeros((reached, arrival.future.shape[1]), dtype=np.float32)
    given = arrival.future[:reached]
    future[: len(given)] = given
    return Job(
        model=model.key,
        target=plan.target,
        past=plan.past,
        known=np.concatenate([calendar[:steps], plan.known], axis=1),
        future=np.concatenate([calendar[steps:], future], axis=1),
        static=arrival.static,
        clock=plan.clock,
        deadline=arrival.deadline,
        given=plan.given.transpose(0, 2, 1) if config.mixed_frequency else None,
        earlier=plan.earlier if config.mixed_frequency else None,
        beyond=beyond,
    )


def advance_of(
    job: Job, lease: Lease, config: ForecasterConfig, coming: Record, *, fresh: bool, touch: bool
) -> CommitJob:
    """Make a job a session's; ``coming`` is the session as it will stand."""
    values = {**vars(job), "lease": lease, "fresh": fresh}
    return CommitJob(**values, record=coming, interval=Interval.of(config.quantile_levels), touch=touch)


def new_record(key: str, model: Model, arrival: SeriesInput, now: float, metrics: Sequence[str] = ()) -> Record:
    """Give the record of a session that is about to be opened, before anything was read; it keeps these ``metrics``."""
    return Record(
        key=key,
        model=model.digest,
        model_name=str(model),
        freq=arrival.freq,
        offset=arrival.offset,
        zone=arrival.zone,
        variables=arrival.variables,
        static=arrival.static,
        interval=Interval.of(model.config.quantile_levels).coverage,
        first_clock=0,
        last_clock=0,
        count=0,
        tail=np.zeros((len(arrival.variables), 0), dtype=np.float32),
        given_tail=np.zeros((len(arrival.variables), len(model.config.mixed_frequency), 0), dtype=np.float32),
        checksum=0,
        created_at=now,
        last_used=now,
        expires_at=now,
        kind=model.kind,
        season=model.season,
        scores=new_scores(metrics),
    )


def branch_of(
    model: Model, arrival: SeriesInput, plan: SessionUpdate, record: Record | None, lease: Lease | None = None
) -> ReadJob:
    """Make a job that only reads, and whose state is handed out; of a session, its lease says where that lies."""
    values = {**vars(job_of(model, arrival, plan, record)), "lease": lease, "fresh": lease is None}
    return ReadJob(**values)


def future_of(model: Model, arrival: SeriesInput, freq: str | None, offset: int, clock: int, steps: int) -> Floats:
    """Known covariates ``[steps, Ck]`` of what follows ``clock``, however far."""
    calendar = _calendar(model.config, freq, offset, clock, steps)
    return np.concatenate([calendar, arrival.future[:steps]], axis=1)


def _calendar(config: ForecasterConfig, freq: str | None, offset: int, clock: int, total: int) -> Floats:
    """Calendar columns ``[total, Ca]`` of what follows ``clock``; zeros for a series without times."""
    if freq is None or not config.calendar:
        width = calendar_features(config.calendar, np.zeros(1, dtype="datetime64[s]")).shape[1]
        return np.zeros((total, width), dtype=np.float32)
    times = _freq(freq).times(np.arange(clock + 1, clock + 1 + total, dtype=np.int64), offset)
    return calendar_features(config.calendar, times)
