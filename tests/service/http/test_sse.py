"""A stream ends in one of four ways, and the work behind it ends with it.

The status is sent with the first byte: a failure that is not an event looks like an answer that is complete.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.errors import QueueFull, ServiceError
from service.http.sse import Events, NumberedEvents, data_only, send_events


class Work:
    """Events of some work, with what became of it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error, self.stopped = error, False

    async def events(self) -> Events:
        try:
            yield [data_only(1), data_only(2)]
            yield ()
            if self.error is not None:
                raise self.error
            await asyncio.sleep(0)
            yield [data_only(3)]
        finally:
            self.stopped = True


async def sent(work: Work, leave_after: int = 99) -> AsyncIterator[bytes]:
    """Bodies that reach a client which leaves after so many of them."""
    left = asyncio.get_running_loop().create_future()
    bodies: list[bytes] = []

    async def send(message: dict) -> None:
        if message["type"] == "http.response.body":
            bodies.append(message["body"])
            if len(bodies) == leave_after:
                left.set_result(None)

    try:
        await send_events(send, work.events(), lambda error: data_only(error.code), left)
    finally:
        for body in bodies:
            yield body


def bodies(work: Work, leave_after: int = 99) -> list[bytes]:
    async def collect() -> list[bytes]:
        return [body async for body in sent(work, leave_after)]

    return asyncio.run(collect())


def test_events_come_together_and_silence_is_a_comment() -> None:
    work = Work()
    assert bodies(work) == [b"data: 1\n\ndata: 2\n\n", b": still here\n\n", b"data: 3\n\n", b""]
    assert work.stopped


@pytest.mark.parametrize(
    ("error", "code"), [(QueueFull("full"), "queue_full"), (RuntimeError("a defect"), "internal_error")]
)
def test_a_failure_is_the_last_event_in_the_protocol_s_shape(error: Exception, code: str) -> None:
    work = Work(error)
    assert bodies(work)[-2:] == [data_only(code), b""] and work.stopped


def test_who_leaves_stops_the_work() -> None:
    work = Work()
    assert bodies(work, leave_after=1) == [b"data: 1\n\ndata: 2\n\n"] and work.stopped


def test_a_server_that_stops_says_so_before_it_ends_the_stream() -> None:
    work = Work(asyncio.CancelledError())
    seen: list[bytes] = []

    async def run() -> None:
        left = asyncio.get_running_loop().create_future()

        async def send(message: dict) -> None:
            seen.append(message.get("body", b""))

        await send_events(send, work.events(), lambda error: data_only(error.code), left)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert seen[-1] == data_only("shutting_down") and work.stopped


def test_ids_count_over_failures_too() -> None:
    made = NumberedEvents()
    assert [made("step", 0), made("error", ServiceError("x").code)][1].startswith(b"event: error\nid: 1\n")
