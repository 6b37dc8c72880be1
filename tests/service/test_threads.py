"""Each kind of work has threads of its own."""

import asyncio
import threading

import pytest

from service.threads import ThreadPool


def test_a_full_pool_keeps_no_other_waiting() -> None:
    """With one pool for all, seven large bodies kept every session from being read."""
    full, other, release = ThreadPool("full", 1), ThreadPool("other", 1), threading.Event()

    async def scene() -> None:
        held = [asyncio.ensure_future(full.run(release.wait, 30)) for _ in range(3)]
        assert await asyncio.wait_for(other.run(sum, [1, 2]), 20) == 3
        release.set()
        assert await asyncio.gather(*held) == [True] * 3

    asyncio.run(scene())


def test_what_nobody_waits_for_does_not_begin() -> None:
    """Work queued by a client that left went on burning."""
    pool, release, ran = ThreadPool("pool", 1), threading.Event(), []

    async def scene() -> None:
        first = asyncio.ensure_future(pool.run(release.wait, 30))
        second = asyncio.ensure_future(pool.run(ran.append, 1))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        release.set()
        await first
        await pool.run(sum, [])

    asyncio.run(scene())
    assert ran == []


def test_errors_reach_the_caller_and_threads_stay_few() -> None:
    """A thread that died with its call would leave the next one waiting for ever."""
    pool = ThreadPool("few", 2)

    def fail() -> None:
        raise KeyError("x")

    async def scene() -> None:
        for _ in range(5):
            with pytest.raises(KeyError):
                await pool.run(fail)
        assert await asyncio.gather(*(pool.run(sum, [n]) for n in range(50))) == list(range(50))

    asyncio.run(scene())
    assert sum(thread.name.startswith("few-") for thread in threading.enumerate()) <= 2
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("few-"))
