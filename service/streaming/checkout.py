"""Sessions that are about to be streamed: their turn, their slot and a spare one, taken together or not at all."""

from collections.abc import Sequence

from service.errors import QueueFull
from service.models.model import Model
from service.resident.session import ResidentSession
from service.resident.table import SessionTable
from service.serving.runtime import Runtime
from service.sessions.session_key import key_of
from service.streaming.request import StreamedRequest


class Checkout:
    """Lives on the event loop.

    Parameters
    ----------
    runtime : Runtime
        Sessions and their slots.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._sessions, self._residents, self._runner = runtime.sessions, runtime.residents, runtime.steps

    def enter(self, request: StreamedRequest, owner: str) -> bool:
        """Take the turn of every session of a request, its slot and a spare one, or nothing.

        Parameters
        ----------
        request : StreamedRequest
            Its sessions are set.
        owner : str
            Whose request it is.

        Returns
        -------
        bool
            False where one of the sessions is not to be streamed now.
        """
        body, now, horizon = request.body, self._sessions.certain(), request.horizon
        digest, sessions = request.model.digest, request.sessions
        known: SessionTable | None = None
        generations: Sequence[int] = ()
        for name, start, freq, index in zip(body.sessions, body.starts, body.freqs, body.indices, strict=True):
            found = self._enter((owner, name), request.model)
            if found is None:
                break
            sessions.append(found)
            table, session = found
            if table is not known:
                known, generations = table, self._runner.generations(table.key)
            lease = session.lease
            slot = lease.slots[0]
            if (
                session.expires_at <= now
                or horizon > table.config.horizon
                or session.opened.model != digest
                or not session.follows(start, freq, index)
                or slot >= len(generations)
                or generations[slot] != lease.generation
            ):
                break
        else:
            return True
        for table, session in sessions:
            self.leave(table, session, moved=False)
        return False

    def _enter(self, name: tuple[str, str], model: Model) -> tuple[SessionTable, ResidentSession] | None:
        """Take a session's turn, its slot and a spare one; load it if it can be."""
        found = self._residents.find(name)
        key = found[1].key if found is not None else key_of(*name)
        if not self._sessions.turns.try_enter(key):
            return None
        found = found or self._load(key, name, model)
        if found is not None:
            table, session = found
            try:
                session.spare = self._sessions.slots.exchange(session.lease, table.key)
                return found
            except QueueFull:
                pass
        self._sessions.turns.leave(key)
        return None

    def _load(self, key: str, name: tuple[str, str], model: Model) -> tuple[SessionTable, ResidentSession] | None:
        record = self._sessions.kept(key)
        if record is None or record.model != model.digest or record.kind == "generator":
            return None
        member = model.member(record.season)
        lease = self._sessions.slots.idle(key, member.key)
        if lease is None or len(lease.slots) != 1:
            return None
        return self._residents.load(name, member.key, member.config, record, lease)

    def leave(self, table: SessionTable, session: ResidentSession, *, moved: bool) -> None:
        """Give a session's turn and slots back.

        Parameters
        ----------
        table : SessionTable
            Of the session.
        session : ResidentSession
            The session.
        moved : bool
            Whether its row lies in the spare slot now.
        """
        session.lease = self._sessions.slots.exchanged(session.lease, session.spare, table.key, moved=moved)
        self._sessions.turns.leave(session.key)
