"""A clock that jumps ends no session: neither a month forward for five seconds nor three months back."""

import asyncio

from service.sessions.registry import SessionRegistry
from service.steady_clock import GRACE, SteadyClock
from service.stores.interface import Put
from service.stores.memory import MemoryStore
from tests.service.stores.conformance import record_of

DAY = 86_400.0
TTL = 30 * DAY


class Clocks:
    """A wall clock and a monotonic one, both set by hand."""

    def __init__(self, wall: float = 1.7e9) -> None:
        self.wall, self.passed = wall, 1000.0

    def steady(self, latest: float | None = None) -> SteadyClock:
        return SteadyClock(latest, lambda: self.wall, lambda: self.passed)

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


def test_it_follows_a_clock_that_is_corrected_a_little() -> None:
    """NTP moves it by seconds, and over months far from where the monotonic clock is."""
    clocks = Clocks()
    steady = clocks.steady()
    for _ in range(1000):
        clocks.wait(3600)
        clocks.wall += 2
        assert steady.certain() == steady.now() == clocks.wall
    clocks.wall -= 20
    assert steady.certain() == clocks.wall + 20
    clocks.wait(30)
    assert steady.certain() == steady.now() == clocks.wall + 20


def test_a_month_forward_for_five_seconds() -> None:
    """Every session would have expired in these."""
    clocks = Clocks()
    steady = clocks.steady()
    clocks.wall += 31 * DAY
    for _ in range(5):
        clocks.wait(1)
        assert steady.certain() == clocks.wall - 31 * DAY and steady.now() == clocks.wall
    clocks.wall -= 31 * DAY
    assert steady.certain() == steady.now() == clocks.wall


def test_a_jump_that_lasts_is_believed() -> None:
    """A machine that slept for a month has sessions that nobody used for a month."""
    clocks = Clocks()
    steady = clocks.steady()
    clocks.wall += 31 * DAY
    steady.certain()
    clocks.wait(GRACE - 1)
    assert steady.certain() == clocks.wall - 31 * DAY
    clocks.wait(1)
    assert steady.certain() == clocks.wall


def test_a_second_jump_waits_anew() -> None:
    """A clock that keeps jumping is not believed."""
    clocks = Clocks()
    steady = clocks.steady()
    for _ in range(4):
        clocks.wall += 31 * DAY
        steady.certain()
        clocks.wait(GRACE / 2)
    assert steady.certain() == clocks.wall - 4 * 31 * DAY


def test_three_months_back() -> None:
    """What is used then lives on when the clock is right again."""
    clocks = Clocks()
    steady = clocks.steady()
    clocks.wall -= 90 * DAY
    clocks.wait(10 * DAY)
    assert steady.certain() == steady.now() == clocks.wall + 90 * DAY
    clocks.wall += 90 * DAY
    assert steady.certain() == steady.now() == clocks.wall


def test_a_start_with_a_clock_that_is_ahead() -> None:
    """A machine without a battery for its clock starts with whatever time, and is corrected seconds later."""
    clocks = Clocks()
    last_used = clocks.wall
    clocks.wall += 31 * DAY
    steady = clocks.steady(last_used)
    assert steady.certain() == last_used and steady.now() == clocks.wall
    clocks.wait(5)
    clocks.wall -= 31 * DAY
    assert steady.certain() == steady.now() == clocks.wall


def test_a_start_after_a_short_stop() -> None:
    """A restart is no jump."""
    clocks = Clocks()
    assert clocks.steady(clocks.wall - 30).certain() == clocks.wall
    assert clocks.steady(clocks.wall + 9 * DAY).certain() == clocks.wall


def test_sessions_survive_jumps() -> None:
    """The registry answers 410 by this clock, housekeeping drops states by it, and lives are counted from it."""

    async def scene() -> None:
        clocks, store = Clocks(), MemoryStore()
        used = record_of("k").used(clocks.wall, TTL)
        store.commit([Put(used, b"state")])
        sessions = SessionRegistry(store, 4, ttl=TTL, clock=clocks.steady(clocks.wall))
        clocks.wall += 31 * DAY
        assert await sessions.find("k", "id") is not None and not any(await sessions.expire(10))
        clocks.wall -= 31 * DAY + 90 * DAY
        again = used.used(sessions.now(), sessions.ttl)
        assert again.expires_at >= used.expires_at
        fresh = record_of("new").used(sessions.now(), sessions.ttl)
        store.commit([Put(again, b"state"), Put(fresh, b"state")])
        sessions.remember(again)
        clocks.wall += 90 * DAY
        clocks.wait(2 * GRACE)
        assert not any(await sessions.expire(10))
        assert await sessions.find("k", "id") is not None and await sessions.find("new", "id") is not None

    asyncio.run(scene())


def test_a_life_never_ends_earlier_than_it_did() -> None:
    """Used while the clock was wrong, a session would have less left than before."""
    record = record_of("k", expires_at=500.0)
    assert record.used(100.0, 50.0).expires_at == 500.0 and record.used(480.0, 50.0).expires_at == 530.0
