"""Sessions end a few at a time, the fewer the longer it takes; a store that fails stops nothing."""

import asyncio
import time

import pytest

from service.serving import housekeeping
from service.serving.housekeeping import keep_house, sweep
from service.sessions.registry import SHORTEST_SECOND_LIFE, SessionRegistry
from service.steady_clock import SteadyClock
from service.stores.interface import Answer, Put, StoreError, Swept
from service.stores.memory import MemoryStore
from tests.service.stores.conformance import record_of


class Counting(MemoryStore):
    """Remembers how many were to be ended at a time, and takes a while for each."""

    def __init__(self, each: float = 0.0) -> None:
        super().__init__()
        self.limits: list[int] = []
        self._each = each

    def expire(self, now: float, forgotten: float, limit: int) -> Swept:
        self.limits.append(limit)
        until = time.perf_counter() + self._each * limit
        while time.perf_counter() < until:
            pass
        return super().expire(now, forgotten, limit)


def ended(store: Counting, count: int) -> int:
    store.commit([Put(record_of(f"k{n}"), b"state") for n in range(count)])
    now = [150.0]
    sessions = SessionRegistry(store, 8, ttl=100, clock=SteadyClock(None, lambda: now[0], lambda: now[0]))
    now[0] = 300.0
    found = asyncio.run(sweep(sessions))
    now[0] += SHORTEST_SECOND_LIFE
    assert asyncio.run(sweep(sessions)) == 0 and store.get("k0") is None
    return found


def test_all_end_and_are_forgotten_a_day_later() -> None:
    """What is left over would answer 410 and take room for ever."""
    assert ended(Counting(), 500) == 500


def test_answers_are_forgotten_all_of_them() -> None:
    """A client that sends a key with every request would fill the disk with what nobody may ask for any more."""
    store = MemoryStore()
    store.commit([Answer(f"a{n}", b"kept for a day", 100.0, 200.0) for n in range(500)])
    sessions = SessionRegistry(store, 8, ttl=100, clock=SteadyClock(None, lambda: 300.0, lambda: 300.0))
    asyncio.run(sweep(sessions))
    assert not any(store.answer(f"a{n}", 150.0) for n in range(500))


def test_a_slow_store_is_given_few_at_a_time() -> None:
    """A commit waits until a part is done."""
    store = Counting(each=0.0005)
    ended(store, 300)
    assert max(store.limits) <= 64 and min(store.limits) >= housekeeping.LEAST


def test_a_store_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk for a moment must not end the housekeeping until the next restart."""

    class Failing(MemoryStore):
        calls = 0

        def expire(self, now: float, forgotten: float, limit: int) -> Swept:
            self.calls += 1
            if self.calls == 1:
                raise StoreError("disk full")
            return super().expire(now, forgotten, limit)

    async def scene() -> None:
        monkeypatch.setattr(housekeeping, "EVERY", 0.001)
        store = Failing()
        task = asyncio.create_task(keep_house(SessionRegistry(store, 8, ttl=100)))
        while store.calls < 3:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(scene())
