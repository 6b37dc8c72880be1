"""A session's part in a job: what the store shall hold once the job has run, and what came of it."""

import hashlib
from dataclasses import dataclass, replace

from service.scheduling.forecast_result import ForecastResult
from service.scheduling.job import Job
from service.sessions.live_metrics import Interval, issue
from service.stores.interface import Put, Record, Touch


@dataclass(frozen=True, eq=False)
class CommitJob(Job):
    """A job that advances a session, or asks it again (T = 0, which changes nothing).

    record: the session as it will stand after the job, but for its state and newly issued forecast.
    interval: what of the forecast is kept to be judged.  touch: whether an unchanged session's use shall be written.
    """

    record: Record | None = None
    interval: Interval | None = None
    touch: bool = False

    def kept(self, result: ForecastResult, rows: slice, state: bytes) -> Put | Touch | None:
        """Give what the store is to write; ``state`` is the session's V rows of state after the job."""
        record = self.record
        if record is None or self.interval is None:
            return None
        if not self.target.shape[1]:
            return Touch(record.key, record.last_used, record.expires_at) if self.touch else None
        whole = replace(
            record,
            state_bytes=len(state),
            digest="sha256:" + hashlib.sha256(state).hexdigest(),
            # However far a request asks to see, as much of it is judged.
            issued=issue(
                result.quantiles[rows],
                result.seasonal_error[rows],
                record.last_clock + 1,
                self.interval,
                len(self.future) - self.beyond,
            ),
        )
        return Put(whole, state)
