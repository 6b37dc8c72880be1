"""Sessions that are about to be streamed: their turns, their slots and spare ones, taken together or not at all."""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from service.errors import QueueFull
from service.models.model import Model
from service.resident.network import ResidentNetwork
from service.resident.residents import Place
from service.resident.table import SessionTable
from service.scheduling.job import Lease
from service.serving.runtime import Runtime
from service.sessions.session_key import key_of
from service.streaming.body import StreamedBody
from service.streaming.group import RowGroup, grouped

_lease = cast(Callable[[type[Lease], Sequence[Any]], Lease], tuple.__new__)


class Checkout:
    """Lives on the event loop.

    Parameters
    ----------
    runtime : Runtime
        Sessions and their slots.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._sessions, self._residents, self._runner = runtime.sessions, runtime.residents, runtime.steps

    def enter(self, body: StreamedBody, owner: str, model: Model, horizon: int) -> list[RowGroup] | None:
        """Take the turn of every session of a request, its slot and a spare one, or nothing.

        Parameters
        ----------
        body : StreamedBody
            What is requested.
        owner : str
            Whose request it is.
        model : Model
            What forecasts, whole.
        horizon : int
            Steps that are requested.

        Returns
        -------
        list of RowGroup or None
            The sessions by their networks; None where one of them is not to be streamed now.
        """
        found = self._residents.find(owner, body.sessions)
        if None in found:
            pairs = zip(found, body.sessions, strict=True)
            found = [place or self._load((owner, name), model) for place, name in pairs]
            if None in found:
                return None
        now, taken = self._sessions.certain(), []
        for group in grouped(found):  # type: ignore[arg-type]
            if not self._take(group, body, model.digest, horizon, now):
                break
            taken.append(group)
        else:
            return taken
        for group in taken:
            self.leave(group.table, group.rows)
        return None

    def _take(self, group: RowGroup, body: StreamedBody, digest: str, horizon: int, now: float) -> bool:
        table, rows, turns = group.table, group.rows, self._sessions.turns
        keys = table.keys[rows].tolist()
        if horizon > table.config.horizon or not turns.try_enter_all(keys):
            return False
        if (
            min(table.expires_at[rows].tolist()) > now
            and table.opened[rows[0]].model == digest
            and (table.last_index[rows] < table.reach[rows]).all()
            and self._runner.holds(table.key, table.slot[rows], table.generation[rows])
            and _follows(group, body)
        ):
            try:
                table.spare[rows] = self._sessions.slots.exchange(keys, table.key)
                return True
            except QueueFull:
                pass
        turns.leave_all(keys)
        return False

    def _load(self, name: tuple[str, str], model: Model) -> Place | None:
        key = key_of(*name)
        record = self._sessions.kept(key)
        if self._sessions.turns.taken(key) or record is None:
            return None
        if record.model != model.digest or record.kind == "generator" or record.covariates:
            return None
        member = model.member(record.season)
        lease = self._sessions.slots.idle(key, member.key)
        if lease is None or len(lease.slots) != 1:
            return None
        if not self._runner.holds(member.key, np.array(lease.slots), np.array([lease.generation])):
            return None  # what the store does not know of it must lie where its lease says
        network = ResidentNetwork(member.key, member.config, member.tail_exponents)
        return self._residents.load(name, network, record.named(*name), lease)

    def leave(self, table: SessionTable, rows: NDArray[np.int64], moved: NDArray[np.bool_] | None = None) -> None:
        """Give turns and slots of sessions back.

        Parameters
        ----------
        table : SessionTable
            Of the sessions.
        rows : array of int64, ``[B]``
            Their rows there.
        moved : array of bool, ``[B]``, or None
            Whose row of state lies in its spare slot now; None for none.
        """
        keys, free = table.keys[rows].tolist(), table.spare[rows]
        if moved is not None:
            slots = table.slot[rows]
            table.slot[rows], free = np.where(moved, free, slots), np.where(moved, slots, free)
        slots, generations = table.slot[rows].tolist(), table.generation[rows].tolist()
        # As ``Lease(key, (slot,), generation)`` does, without a call of Python per session.
        leases = list(map(_lease, repeat(Lease), zip(keys, zip(slots, strict=True), generations, strict=True)))
        self._sessions.slots.exchanged(leases, free.tolist(), table.key)
        self._sessions.turns.leave_all(keys)


def _follows(group: RowGroup, body: StreamedBody) -> bool:
    """Whether every value is plainly that of its session's next step; most of a request are alike."""
    table, rows = group.table, group.rows
    given: tuple[Sequence[Any], ...] = (body.starts, body.freqs, body.indices)
    if len(rows) < len(body.sessions):
        places = group.places.tolist()
        given = tuple([column[place] for place in places] for column in given)
    columns = table.axis[rows].tolist(), table.last_index[rows].tolist(), *given
    if len(rows) > 1 and all(column.count(column[0]) == len(column) for column in columns):
        columns = tuple(column[:1] for column in columns)
    kinds = set(zip(*columns, strict=True))
    return False not in [axis.follows(last, start, freq, index) for axis, last, start, freq, index in kinds]
