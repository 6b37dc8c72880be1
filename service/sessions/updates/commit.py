"""A session's part in a job: what the store holds of it once the job has run."""

from dataclasses import dataclass, replace

from service.receipts import with_receipt
from service.scheduling.forecast_result import ForecastResult
from service.sessions.live_metrics import Interval, issue
from service.sessions.session_update import SessionUpdate
from service.sessions.updates.anchoring import chain_at
from service.stores.digest import bytes_of, extend, text_of
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

    def write(
        self, result: ForecastResult, rows: slice, state: bytes | None, marked: bytes = b""
    ) -> Put | Touch | None:
        """Give what the store is to write; see ``Writes.write``."""
        record = self.record
        if state is None:
            return Touch(record.key, record.last_used, record.expires_at, record.digest) if self.touch else None
        pending = issue(
            result.quantiles[rows], result.seasonal_error[rows], record.last_index + 1, self.interval, self.horizon
        )
        digest, at_mark = self._digests()
        anchor, mark = record.anchor, self.update.mark
        if anchor is not None and mark is not None:
            anchor = anchor._replace(digest=at_mark, state=marked if mark < self.update.target.shape[1] else state)
        after = replace(record, state_bytes=len(state), digest=digest, issued=pending, anchor=anchor)
        return with_receipt(Put(after, state, record.digest), self.receipt)

    def _digests(self) -> tuple[str, str]:
        """The chain over what the network has read, to the end and to the mark; that of an old session since then."""
        record, update = self.record, self.update
        if record.digest and not update.fresh and update.origin is None:
            before = bytes_of(record.digest)
        else:
            before = chain_at(record, update.origin, update.coarse_history if update.coarse_history.size else None)
        read = update.target, update.past.T, update.known.T, update.mixed_frequency
        chains = [before]
        for begin, end in ((0, update.mark or 0), (update.mark or 0, update.target.shape[1])):
            target, past, known, coarse = (part[..., begin:end] for part in read)
            others = past.T, known.T, coarse.transpose(2, 0, 1)
            chains.append(extend(chains[-1], update.time_index + 1 + begin, target, *others))
        return text_of(chains[2]), text_of(chains[1])
