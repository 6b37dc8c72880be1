"""A session's part in a job: what the store holds of it once the job has run."""

import hashlib
from dataclasses import dataclass, replace

from service.scheduling.forecast_result import ForecastResult
from service.sessions.live_metrics import Interval, issue
from service.stores.interface import Put, Record, Touch


@dataclass(frozen=True, eq=False, slots=True)
class SessionWrites:
    """What a job writes that advances a session, or forecasts it again; see ``service.scheduling.job.Writes``.

    Parameters
    ----------
    record : Record
        The session as it will stand after the job, but for its state and its pending forecast.
    interval : Interval
        Levels of the forecast that are kept to be scored.
    horizon : int
        Steps of it that are kept, however far the request looks ahead.
    touch : bool
        Whether the use of a session that stays as it is shall be written.
    """

    record: Record
    interval: Interval
    horizon: int
    touch: bool

    def write(self, result: ForecastResult, rows: slice, state: bytes | None) -> Put | Touch | None:
        """Give what the store is to write; see ``Writes.write``."""
        record = self.record
        if state is None:
            return Touch(record.key, record.last_used, record.expires_at) if self.touch else None
        pending = issue(
            result.quantiles[rows], result.seasonal_error[rows], record.last_index + 1, self.interval, self.horizon
        )
        digest = "sha256:" + hashlib.sha256(state).hexdigest()
        return Put(replace(record, state_bytes=len(state), digest=digest, issued=pending), state)
