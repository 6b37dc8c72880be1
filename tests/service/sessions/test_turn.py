"""A session's turn ends once, whoever leaves and whatever fails; else the session is stuck, or two write at a time."""

import asyncio
import time

import pytest

from service.errors import Expired, ExpiredSession
from service.sessions.registry import SessionRegistry
from service.sessions.session_key import key_of
from service.sessions.turn import SessionTurn
from service.stores.interface import Put
from service.stores.memory import MemoryStore
from tests.service.stores.conformance import record_of

KEY = key_of("me", "s")


def registry(expires_at: float = 1e12) -> SessionRegistry:
    store = MemoryStore()
    store.commit([Put(record_of(KEY, expires_at=expires_at), b"state")])
    return SessionRegistry(store, 4, ttl=60)


def test_a_turn_ends_with_its_block_and_gives_slots_back() -> None:
    async def scene() -> None:
        sessions = registry()
        async with SessionTurn(sessions, "me", "s") as turn:
            record = await turn.find()
            assert record is not None and turn.checkout("m", 2).key == KEY
            assert not SessionTurn(sessions, "me", "s").try_enter()
        assert not sessions.turns and sessions.resident == 1, "idle, and still in memory"
        for error in (RuntimeError, asyncio.CancelledError):
            with pytest.raises(error):
                async with SessionTurn(sessions, "me", "s") as turn:
                    turn.checkout("m", 2)
                    raise error
        assert not sessions.turns and sessions.resident == 0, "without a record nothing vouches for the rows"

    asyncio.run(scene())


def test_a_turn_that_is_handed_over_outlives_its_block_and_ends_once() -> None:
    async def scene() -> None:
        sessions = registry()
        async with SessionTurn(sessions, "me", "s") as turn:
            record = await turn.find()
            turn.checkout("m", 2)
            turn.hand_over()
        after = SessionTurn(sessions, "me", "s")
        assert not after.try_enter()
        turn.settle(record)
        assert after.try_enter()
        turn.settle(record)
        turn.invalidate()
        assert not SessionTurn(sessions, "me", "s").try_enter(), "the next one's turn is not ended by the last one"
        after.close()

    asyncio.run(scene())


def test_waiting_ends_at_the_deadline() -> None:
    async def scene() -> None:
        sessions = registry()
        async with SessionTurn(sessions, "me", "s"):
            with pytest.raises(Expired, match="earlier request"):
                async with SessionTurn(sessions, "me", "s", time.monotonic() + 0.02):
                    raise AssertionError
        assert not sessions.turns

    asyncio.run(scene())


def test_an_expired_session_leaves_the_turn_free() -> None:
    async def scene() -> None:
        sessions = registry(expires_at=1.0)
        with pytest.raises(ExpiredSession):
            async with SessionTurn(sessions, "me", "s") as turn:
                await turn.find()
        assert not sessions.turns

    asyncio.run(scene())
