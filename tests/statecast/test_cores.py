"""Work that threads share: as many as it is worth and as may run, and none still at it when the call is over."""

import os
from threading import Event, Lock, get_ident

import numpy as np
import pytest
import torch

from statecast.compiled import cores
from statecast.compiled.arithmetic import DONE
from statecast.compiled.calls import Calls
from statecast.compiled.forecaster import CompiledForecaster
from tests.laws.series import variant
from tests.laws.test_compiled import walk
from tests.laws.test_slots import COVERED, arrays, begun

_TINY, _ONE = 5e-324, 1.0


def test_threads_are_no_more_than_the_work_the_limit_and_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than that take time from one another, or from whoever kept the process to a core."""
    monkeypatch.setattr(cores, "free_cores", lambda: 4)
    steps = [1, 2 * cores.LEAST - 1, 2 * cores.LEAST, 100 * cores.LEAST]
    assert [cores.threads_for(count, 8) for count in steps] == [1, 1, 2, 4]
    assert [cores.threads_for(steps[-1], most) for most in (1, 3, None)] == [1, 3, torch.get_num_threads()]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system keeps no process to a core")
def test_a_process_that_is_kept_to_a_core_shares_nothing() -> None:
    """Whoever pins a server after its start means the cores that it has then."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores.threads_for(10**6, 64) == 1
    finally:
        os.sched_setaffinity(0, before)


def test_a_call_returns_when_all_threads_are_done_and_none_begins_later() -> None:
    """Arrays of a call are used again after it: a thread that still wrote to them would spoil the next one's."""
    lock, both, at_work, idents = Lock(), Event(), [0], set()

    def call() -> int:
        with lock:
            at_work[0] += 1
            idents.add(get_ident())
            if len(idents) > 1:
                both.set()
        both.wait(10)
        with lock:
            at_work[0] -= 1
        return 7

    assert cores.share(2, call) == 7
    assert (at_work, len(idents)) == ([0], 2)


def test_networks_work_in_the_same_room() -> None:
    """A server has up to 64 networks of a family; each kept what its largest call took, once for each thread."""
    rooms: list[np.ndarray] = []

    def work(room: np.ndarray, taken: np.ndarray) -> int:
        rooms.append(room)
        return DONE if len(room) > 10**6 else 10**6

    for _ in range(3):
        assert Calls(1).run(work, (), 1) == DONE
    assert all(room is rooms[1] for room in rooms[1:])


def test_an_error_is_raised_only_after_the_others_are_done() -> None:
    """The caller's own: arguments of a wrong type, which are looked into and tried again."""
    with pytest.raises(TypeError, match="no such"):
        cores.share(3, _fail)


def _fail() -> int:
    raise TypeError("no such arguments")


def test_helpers_have_the_mode_of_the_processor_that_the_caller_has() -> None:
    """Numbers that fade to zero on one thread and not on the other would be other bits, and slow."""
    found: dict[int, bool] = {}
    both = Event()

    def call() -> int:
        found[get_ident()] = _TINY * _ONE > 0.0
        if len(found) > 1:
            both.set()
        both.wait(10)
        return 0

    for flush in (True, False):
        both.clear()
        found.clear()
        supported = torch.set_flush_denormal(flush)
        try:
            cores.share(2, call)
        finally:
            torch.set_flush_denormal(False)
        assert list(found.values()) == [not (flush and supported)] * 2


@pytest.mark.parametrize("name", COVERED)
def test_a_call_on_many_threads_comes_to_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many cores a machine has, and which of them are busy, must not show in a forecast."""
    monkeypatch.setattr(cores, "free_cores", lambda: 4)
    monkeypatch.setattr(cores, "LEAST", 8)
    network, rows = variant(name), np.arange(70)
    batch, found = walk(network, 70, 20), []
    for threads in (1, 4):
        slots = CompiledForecaster(network, threads).slots
        cache = begun(slots, batch, rows, 140)
        slots.advance_slots(cache, rows, rows, *arrays(batch, 0, 19))
        slots.advance_slots(cache, rows, rows + 70, *arrays(batch, 19, 20))
        found.append((cache, *slots.forecast_slots(cache, rows + 70, batch.future.numpy(), 5)[:8]))
    for ours, theirs in zip(*found, strict=True):
        assert np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f")
