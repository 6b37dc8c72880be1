"""What a stream of observations leaves behind in memory: nothing that grows with its length."""

import tracemalloc

from service.resident.axis import SessionAxis

STEPS = 6_000


def test_a_long_stream_leaves_nothing_behind() -> None:
    """A megabyte a minute for an hour looks like a leak to whoever watches the service, and hides one."""
    axis, last = SessionAxis("1h", 0, "Europe/Berlin"), 500_000

    def step() -> None:
        nonlocal last
        last += 1
        assert axis.follows(last - 1, axis.text(last), "1h", None)

    for _ in range(1_100):
        step()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(STEPS):
        step()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 500_000, grown
