"""Sessions as a whole: exported, imported and branched. Lives on the event loop."""

import asyncio
from dataclasses import replace

from service.engine import ModelAbsent
from service.errors import Conflict, Loading, expired, unknown
from service.serving.runtime import Runtime
from service.serving.sessions.listing import list_sessions
from service.serving.sessions.replacement import check_later, check_loaded
from service.serving.sessions.secret import read_secret
from service.serving.sessions.state_file import read_state, write_state
from service.serving.views import session_details
from service.sessions.turn import SessionTurn
from service.stores.interface import Put, Record, StoreError, not_written
from service.threads import DECODING, STORE


class SessionService:
    """What is done with sessions beside forecasts; all methods belong to one loop.

    Parameters
    ----------
    runtime : Runtime
        Sessions, their states and the store.

    Raises
    ------
    OSError
        If the secret of states cannot be read.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._sessions = runtime, runtime.sessions
        self._secret = read_secret(runtime.settings)
        self._writing: set[asyncio.Task[None]] = set()

    async def list(
        self, owner: str, prefix: str = "", model: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> dict[str, object]:
        """Give a page of an owner's sessions.

        Parameters
        ----------
        owner : str
            Whose they are.
        prefix : str
            How their ids begin.
        model : str or None
            Of which they are: ``name``, ``name@version`` or a digest; None for any.
        limit : int
            Sessions at most.
        cursor : str or None
            What the page before gave; None for the first.

        Returns
        -------
        dict of str to object
            The page, as ``list_sessions`` gives it.
        """
        self._runtime.require()
        return await list_sessions(self._runtime, owner, prefix, model, limit, cursor)

    async def export(self, session: str, owner: str) -> tuple[str, bytes]:
        """Give a session as a file, once the requests before this one are done.

        Parameters
        ----------
        session : str
            Its id.
        owner : str
            Whose it is.

        Returns
        -------
        str
            Its digest.
        bytes
            The file, see ``write_state``.

        Raises
        ------
        UnknownSession, ExpiredSession
            If this owner has none, or had it.
        Conflict
            If part of it waits for its model to be loaded.
        Loading
            If the store cannot be read, or the models are not loaded yet.
        """
        async with SessionTurn(self._sessions, owner, session) as turn:
            record, state = await self._held(turn)
        return record.digest, write_state(record, state, self._secret)

    async def restore(self, session: str, owner: str, data: bytes, match: tuple[str, ...] = ()) -> dict[str, object]:
        """Take a session from a file, under any id.

        Where there is one already, it is replaced if the file's is the same series further on, or if ``match`` names
        what is replaced.

        Parameters
        ----------
        session : str
            Id that it will have.
        owner : str
            Whose it will be.
        data : bytes
            The file.
        match : tuple of str
            See ``SessionTurn.check_match``.

        Returns
        -------
        dict
            The session as ``GET /sessions/{id}`` describes it.

        Raises
        ------
        Unprocessable
            If the file is damaged or was not signed with this server's secret.
        Conflict
            If its model is not loaded here, or another session or a later state of it is in its place.
        StateMoved, ExpiredSession, Loading
            As ``match``, the id and the store say.
        """
        self._runtime.require()
        record, state = await DECODING.run(read_state, data, self._secret)  # it may be as long as any body
        check_loaded(self._runtime.catalogue, record, state)
        async with SessionTurn(self._sessions, owner, session) as turn:
            before = await turn.find()
            turn.check_match(match)
            if before is not None and before.digest != record.digest and not match:
                check_later(session, before, record)
            return await self._put(turn, owner, record, state)

    async def branch(self, session: str, other: str, owner: str) -> dict[str, object]:
        """Copy a session under a new id; from then on each goes its own way.

        Parameters
        ----------
        session : str
            Id of the session.
        other : str
            Id of the copy.
        owner : str
            Whose both are.

        Returns
        -------
        dict
            The copy as ``GET /sessions/{id}`` describes it.

        Raises
        ------
        Conflict
            ``session_exists`` if there is one of that id.
        UnknownSession, ExpiredSession, Loading
            As ``export``.
        """
        async with SessionTurn(self._sessions, owner, session) as turn:
            record, state = await self._held(turn)
        # One turn after the other: two branches that cross could wait for each other for ever.
        async with SessionTurn(self._sessions, owner, other) as turn:
            if await turn.find() is not None:
                raise Conflict(
                    f"id: expected the id of no session, got {other[:80]!r}, which there is; choose another, or DELETE "
                    "it first",
                    code="session_exists",
                )
            return await self._put(turn, owner, record, state)

    async def _held(self, turn: SessionTurn) -> tuple[Record, bytes]:
        """Read record and state of a session whose turn it is; of a shared store, until both are of one moment."""
        self._runtime.require()
        record = await turn.find()
        while record is not None:
            state = await self._state(turn, record)
            again = record if self._sessions.shared is None else await turn.find()
            if again is not None and again.digest == record.digest:
                return record, state
            record = again
        raise unknown(turn.session)

    async def _state(self, turn: SessionTurn, record: Record) -> bytes:
        residents = self._runtime.residents
        if residents.absent.record(turn.key) is not None:
            raise _waits(turn, record)
        state = residents.waiting_state(turn.key)
        place = residents.at(turn.key) if turn.key in residents.dirty else None
        if place is not None:
            table, row = place
            state = self._runtime.steps.row_bytes(table.key, table.lease(row))
        try:
            state = state or await self._stored(turn.key)
        except ModelAbsent:
            raise _waits(turn, record) from None
        except StoreError as error:
            raise Loading(f"sessions: {error}", code="store_failed") from error
        if state is None:
            raise expired(turn.session)
        return state

    async def _stored(self, key: str) -> bytes | None:
        store, states = self._sessions.shared, self._runtime.states
        if store is None:
            return await STORE.run(self._runtime.store.state, key)
        found = await STORE.run(store.behind, key)
        if found is None or not len(found.values):
            return found and found.state
        return await self._runtime.bridge.calls.run(lambda: states.caught_up(found))

    async def _put(self, turn: SessionTurn, owner: str, record: Record, state: bytes) -> dict[str, object]:
        """Put a session where the turn is; the write is finished even if nobody waits for it any longer."""
        now = self._sessions.now()
        after = "" if turn.record is None else turn.record.digest
        # A life of its own: what the journal has of an earlier one of this id is not this one's.
        record = replace(
            record,
            key=turn.key,
            owner=owner,
            name=turn.session,
            created_at=now,
            last_used=now,
            expires_at=now + self._sessions.ttl,
            dropped=False,
        )
        turn.hand_over()
        writing = asyncio.create_task(self._write(turn, Put(record, state, after)))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        await asyncio.shield(writing)
        return session_details(record, turn.session)

    async def _write(self, turn: SessionTurn, put: Put) -> None:
        try:
            await STORE.run(self._runtime.store.commit, [put])
        except StoreError as error:
            turn.invalidate()
            raise not_written(error) from error
        except BaseException:
            turn.invalidate()
            raise
        self._sessions.slots.drop(turn.key)
        self._runtime.residents.drop(turn.key)
        turn.settle(put.record)


def _waits(turn: SessionTurn, record: Record) -> Conflict:
    return Conflict(
        f"session {turn.session[:80]!r}: its last observations wait for {record.model_name} to be loaded; load that "
        "model, then try again",
        code="model_changed",
    )
