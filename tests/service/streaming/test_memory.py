"""What a stream of observations leaves behind in memory: nothing that grows with its length."""

import tracemalloc
from dataclasses import replace

import numpy as np

from service.resident.session import ResidentSession
from service.scheduling.job import Lease
from tests.service.stores.conformance import record_of

STEPS = 6_000


def test_a_long_stream_leaves_nothing_behind() -> None:
    """A megabyte a minute for an hour looks like a leak to whoever watches the service, and hides one."""
    record = replace(record_of("k"), freq="1h", offset=0, zone="Europe/Berlin", last_index=500_000)
    session = ResidentSession(record, 0, Lease("k", (1,), 1))
    for value in np.arange(1_100.0):
        session.step(value, 1)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for value in np.arange(float(STEPS)):
        session.step(value, 1)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert session.last_time is not None and grown < 500_000, grown
