"""A session's part in a job: what the store holds of it once the job has run."""

from dataclasses import dataclass, replace

from service.receipts import with_receipt
from service.scheduling.forecast_result import ForecastResult
from service.sessions.live_metrics import Interval, issue
from service.sessions.session_update import SessionUpdate
from service.stores.digest import bytes_of, extend, opening, text_of
from service.stores.interface import Put, Record, Touch


@dataclass(frozen=True, eq=False, slots=True)
class SessionWrites:
    """What a job writes that advances a session, or forecasts it again; see ``service.scheduling.job.Writes``.

    Parameters
    ----------
    record : Record
        The session as it will stand after the job, but for its state, its digest and its pending forecast.
    update : SessionUpdate
        What is new: the steps that the digest goes on with.
    interval : Interval
        Levels of the forecast that are kept to be scored.
    horizon : int
        Steps of it that are kept, however far the request looks ahead.
    touch : bool
        Whether the use of a session that stays as it is shall be written; if others may write it, always, because that
        finds out whether it still is what was read.
    receipt : str
        See ``with_receipt``.
    """

    record: Record
    update: SessionUpdate
    interval: Interval
    horizon: int
    touch: bool
    receipt: str = ""

    def write(self, result: ForecastResult, rows: slice, state: bytes | None) -> Put | Touch | None:
        """Give what the store is to write; see ``Writes.write``."""
        record = self.record
        if state is None:
            return Touch(record.key, record.last_used, record.expires_at, record.digest) if self.touch else None
        pending = issue(
            result.quantiles[rows], result.seasonal_error[rows], record.last_index + 1, self.interval, self.horizon
        )
        after = replace(record, state_bytes=len(state), digest=self._digest(), issued=pending)
        return with_receipt(Put(after, state, record.digest), self.receipt)

    def _digest(self) -> str:
        """The chain over what the network has read; where an earlier release opened the session, since then."""
        record, update = self.record, self.update
        if record.digest and not update.replayed:
            before = bytes_of(record.digest)
        else:
            history = update.coarse_history if update.coarse_history.size else None
            before = opening(
                record.model, record.variables, record.static,
                season=record.season, freq=record.freq, offset=record.offset, history=history,
            )  # fmt: skip
        coarse = update.mixed_frequency.transpose(2, 0, 1)
        return text_of(extend(before, update.time_index + 1, update.target, update.past, update.known, coarse))
