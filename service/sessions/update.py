"""What a request means to a session: a pure function of the session's record and of what arrived.

Nothing here changes anything. ``plan_update`` either refuses, or gives a ``SessionUpdate``: what the network shall
read, and the
record as it will stand once that has happened.
"""

from dataclasses import dataclass, replace

import numpy as np

from service.errors import Conflict, UnknownSession, Unprocessable
from service.sessions.coarse_series import check_given, checksum_given, lay_given
from service.sessions.duplicates import compare
from service.sessions.imputation import fill
from service.sessions.live_metrics import Observed
from service.sessions.regular_series import Limits, RegularSeries, checksum_of, gap_too_long
from service.sessions.series_input import Floats, SeriesInput
from service.sessions.time_axis import on_axis
from service.stores.interface import Record, Request, Scores


@dataclass(frozen=True, eq=False)
class SessionUpdate:
    """What shall happen.

    clock: absolute index of the step before the first new one.
    values: ``[V, T]`` as they were given, NaN where missing.  target: what the network reads, ``values`` after filling.
    past, known: ``[T, C]`` covariates of the same steps, zeros in gaps.
    applied, duplicates: steps of the request that are new, that were there already.  gap: steps that nobody gave.
    given: ``[V, G, T]``, earlier: ``[V, G, K]`` what is read of given resolutions with these steps and before them.
    first_clock, tail, given_tail, checksum, request, zone: the record's fields afterwards (see ``Record``).
    """

    clock: int
    values: Floats
    target: Floats
    past: Floats
    known: Floats
    given: Floats
    earlier: Floats
    applied: int
    duplicates: int
    gap: int
    first_clock: int
    tail: Floats
    given_tail: Floats
    checksum: int
    request: Request | None
    zone: str = ""

    @property
    def last_clock(self) -> int:
        """Clock of the last step that the network will have read."""
        return self.clock + int(self.target.shape[1])

    def observed(self, record: Record) -> Observed:
        """Give what the new observations are scored with."""
        return Observed(record.scores, record.issued, self.values, self.clock + 1, record.interval)

    def advance(self, record: Record, scores: Scores, now: float, expires_at: float) -> Record:
        """Give the record as it will stand, but for the state and the newly issued forecast.

        Parameters
        ----------
        record : Record
            The session as it stands.
        scores : mapping
            What ``score`` or ``score_many`` makes of its scores.
        now, expires_at : float
            When it was used, and when its life ends now.
        """
        return replace(
            record,
            last_used=now,
            expires_at=expires_at,
            scores=scores,
            first_clock=self.first_clock,
            last_clock=self.last_clock,
            count=record.count + self.applied,
            tail=self.tail,
            given_tail=self.given_tail,
            checksum=self.checksum,
            request=self.request,
            zone=self.zone,
        )


def plan_update(record: Record | None, arrival: SeriesInput, limits: Limits) -> SessionUpdate:
    """Decide what an arrival adds to a session, or to nothing where ``record`` is None.

    Raises
    ------
    UnknownSession, Unprocessable, Conflict, TooLarge
        Each says which step it is about and how to go on.
    """
    steps = int(arrival.target.shape[1])
    arrival = on_axis(record, arrival)
    if record is not None:
        _agree(record, arrival)
        if steps == 0:
            check_given(record, arrival, limits, record.last_clock, retry=False)
            return _nothing(record, arrival, 0)
    elif steps == 0:
        if arrival.session is not None:
            raise UnknownSession(
                f"session {arrival.session[:80]!r}: there is none, and the request brings no history to open it with; "
                "send the whole history in target"
            )
        raise Unprocessable("target: expected at least one value, got none; give the history", code="empty_target")
    if np.isinf(arrival.target).any():
        raise Unprocessable("target: expected values that fit float32, got one beyond 3.4e38; rescale the series")
    grid = RegularSeries.of(arrival, (record.last_clock + 1) if record else 0, limits)
    return _first(grid, arrival, limits) if record is None else _next(record, grid, arrival, limits)


def _first(grid: RegularSeries, arrival: SeriesInput, limits: Limits) -> SessionUpdate:
    seen = ~np.isnan(grid.values).all(axis=0)
    if not seen.any():
        raise Unprocessable(
            "target: expected at least one value that is not null, got none; a series cannot begin unseen",
            code="all_missing",
        )
    check_given(None, arrival, limits, grid.end, retry=False)
    request = _request(grid, arrival)
    trimmed = grid.since(grid.begin + int(seen.argmax()))
    return _plan(trimmed, None, arrival, limits, request)


def _next(record: Record, grid: RegularSeries, arrival: SeriesInput, limits: Limits) -> SessionUpdate:
    lead = grid.begin - record.last_clock - 1
    if lead > limits.gap:
        raise gap_too_long(lead, 0, limits)
    duplicates, request = 0, _request(grid, arrival)
    retry = record.request == request
    check_given(record, arrival, limits, max(grid.end, record.last_clock), retry=retry)
    if lead < 0:
        duplicates = int(grid.given[: record.last_clock - grid.begin + 1].sum())
        if not retry:
            compare(record, grid)
    if grid.end <= record.last_clock:
        return _nothing(record, arrival, duplicates)
    return _plan(grid.after(record.last_clock), record, arrival, limits, request, duplicates)


def _plan(
    new: RegularSeries,
    record: Record | None,
    arrival: SeriesInput,
    limits: Limits,
    request: Request,
    duplicates: int = 0,
) -> SessionUpdate:
    tail = record.tail if record else np.zeros((new.values.shape[0], 0), dtype=np.float32)
    longer = np.concatenate([tail, new.values], axis=1)
    surplus = max(0, longer.shape[1] - limits.tail)
    given, earlier = lay_given(arrival, limits, new.begin - 1, new.values.shape[1])
    kept = given if record is None or not limits.given else np.concatenate([record.given_tail, given], axis=2)
    return SessionUpdate(
        clock=new.begin - 1,
        values=new.values,
        target=fill(new.values, tail, arrival.missing, limits.tail, new.begin),
        past=new.past,
        known=new.known,
        given=given,
        earlier=earlier if record is None else np.full_like(earlier, np.nan),
        applied=int(arrival.target.shape[1]) - duplicates,
        duplicates=duplicates,
        gap=int(new.given.size - new.given.sum()),
        first_clock=record.first_clock if record else new.begin,
        tail=longer[:, surplus:].copy(),
        given_tail=kept[:, :, surplus:].copy(),
        checksum=checksum_of(longer[:, :surplus], record.checksum if record else 0),
        request=request,
        zone=arrival.zone if arrival.stamps is not None or record is None else record.zone,
    )


def _nothing(record: Record, arrival: SeriesInput, duplicates: int) -> SessionUpdate:
    nothing = np.zeros((len(record.variables), 0), dtype=np.float32)
    return SessionUpdate(
        clock=record.last_clock,
        values=nothing,
        target=nothing,
        past=np.zeros((0, arrival.past.shape[1]), dtype=np.float32),
        known=np.zeros((0, arrival.known.shape[1]), dtype=np.float32),
        given=record.given_tail[..., :0],
        earlier=record.given_tail[..., :0],
        applied=0,
        duplicates=duplicates,
        gap=0,
        first_clock=record.first_clock,
        tail=record.tail,
        given_tail=record.given_tail,
        checksum=record.checksum,
        request=record.request,
        zone=record.zone,
    )


def _agree(record: Record, arrival: SeriesInput) -> None:
    """Refuse a request about another kind of series. One without any times goes on from the session's last step."""

    def refuse(what: str, kept: object, came: object) -> Conflict:
        return Conflict(
            f"{what}: the session was opened with {kept}, the request has {came}; keep to that, or use another id",
            code="session_mismatch",
        )

    if arrival.variables != record.variables:
        raise refuse("target", f"variables {record.variables}", f"variables {arrival.variables}")
    if arrival.named and arrival.season != record.season:
        raise refuse("season", f"{record.season} steps", f"{arrival.season}")
    # Static covariates are read once, at the start; a later request may leave them out, which encodes as zeros.
    if arrival.static.any() and not np.array_equal(arrival.static, record.static):
        raise refuse("static_covariates", "other values", "new ones")


def _request(grid: RegularSeries, arrival: SeriesInput) -> Request:
    return Request(grid.begin, grid.end, checksum_given(arrival, checksum_of(grid.values)))
