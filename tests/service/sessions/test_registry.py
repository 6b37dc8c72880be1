"""Turns, records and slots, on a fake clock and the memory store."""

import asyncio
from dataclasses import replace

import pytest

from service.errors import ExpiredSession, Loading, QueueFull, TooLarge, UnknownSession
from service.scheduling.slots import Slots
from service.sessions.registry import SessionRegistry
from service.sessions.session_key import key_of
from service.steady_clock import SteadyClock
from service.stores.interface import Put, StoreError
from service.stores.memory import MemoryStore
from tests.service.stores.conformance import record_of


def test_keys_tell_owners_apart() -> None:
    assert len({key_of("", "ab"), key_of("a", "b"), key_of("b", "a"), key_of("", "a")}) == 4
    assert key_of("me", "s") == key_of("me", "s") and len(key_of("me", "s")) == 64


def test_slots_are_kept_while_idle_and_evicted_oldest_first() -> None:
    evicted = []
    slots = Slots(3, lambda _: evicted.append(1))
    a, b = slots.checkout("a", 1), slots.checkout("b", 2)
    assert sorted(a.slots + b.slots) == [1, 2, 3]
    with pytest.raises(QueueFull):
        slots.checkout("c", 1)
    slots.checkin(a, keep=True)
    slots.checkin(b, keep=True)
    assert slots.checkout("a", 1) == a  # the same rows, the same generation
    slots.checkin(a, keep=True)
    c = slots.checkout("c", 1)
    assert set(c.slots) <= set(b.slots) and c.generation not in (a.generation, b.generation)
    assert evicted == [1] and len(slots) == 2
    with pytest.raises(TooLarge):
        slots.checkout("d", 4)


def test_slots_of_a_failed_opening_are_free_again() -> None:
    slots = Slots(1)
    slots.checkin(slots.checkout("a", 1), keep=False)
    lease = slots.checkout("b", 1)
    slots.checkin(lease, keep=True)
    slots.checkin(lease, keep=True)
    slots.drop("b")
    slots.drop("b")
    assert len(slots) == 0 and slots.checkout("c", 1).generation == 3


def test_turns_are_served_in_order_even_when_some_give_up() -> None:
    async def scene() -> list[int]:
        sessions = SessionRegistry(MemoryStore(), 4, ttl=60)
        served: list[int] = []

        async def request(n: int) -> None:
            await sessions.turns.enter("k")
            try:
                await asyncio.sleep(0)
                served.append(n)
            finally:
                sessions.turns.leave("k")

        tasks = [asyncio.create_task(request(n)) for n in range(6)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        tasks[4].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not sessions.turns
        return served

    assert asyncio.run(scene()) == [0, 1, 3, 5]


def test_a_turn_that_comes_while_its_request_is_cancelled_goes_on() -> None:
    async def scene() -> None:
        sessions = SessionRegistry(MemoryStore(), 4, ttl=60)
        await sessions.turns.enter("k")
        second = asyncio.create_task(sessions.turns.enter("k"))
        third = asyncio.create_task(sessions.turns.enter("k"))
        await asyncio.sleep(0)
        sessions.turns.leave("k")
        second.cancel()
        await asyncio.wait_for(third, 5)
        sessions.turns.leave("k")
        assert not sessions.turns

    asyncio.run(scene())


def test_records_are_found_expire_and_end() -> None:
    now = 150.0

    async def scene() -> None:
        nonlocal now
        store = MemoryStore()
        sessions = SessionRegistry(store, 2, ttl=100, clock=SteadyClock(None, lambda: now, lambda: now))
        assert await sessions.find("k", "id") is None
        with pytest.raises(UnknownSession):
            await sessions.end("k", "id")
        store.commit([Put(record_of("k"), b"state")])
        record = await sessions.find("k", "id")
        assert record is not None and record.count == 6
        lease = sessions.slots.checkout("k", "m", 2)
        sessions.settle(lease, "m", replace(record, count=7))
        found = await sessions.find("k", "id")
        assert found is not None and found.count == 7 and sessions.resident == 1
        now = 250.0
        with pytest.raises(ExpiredSession):
            await sessions.find("k", "id")
        assert (await sessions.expire(10)).ended == 1 and sessions.resident == 0
        assert store.state("k") is None
        with pytest.raises(ExpiredSession):
            await sessions.find("k", "id")
        await sessions.end("k", "id")
        assert await sessions.find("k", "id") is None

    asyncio.run(scene())


def test_only_so_many_records_are_kept_in_memory() -> None:
    async def scene() -> None:
        store = MemoryStore()
        store.commit([Put(record_of(f"k{n}", expires_at=1e12), b"") for n in range(5)])
        sessions = SessionRegistry(store, 2, ttl=100)
        for n in range(5):
            assert await sessions.find(f"k{n}", "id") is not None
        assert len(sessions._records) == 2

    asyncio.run(scene())


def test_a_store_that_fails_is_a_503() -> None:
    class Broken(MemoryStore):
        def get(self, key):
            raise StoreError("cannot read: disk gone")

    async def scene() -> None:
        sessions = SessionRegistry(Broken(), 2, ttl=100)
        for doing in (sessions.find("k", "id"), sessions.end("k", "id")):
            with pytest.raises(Loading) as caught:
                await doing
            assert (caught.value.status, caught.value.code) == (503, "store_failed")

    asyncio.run(scene())
