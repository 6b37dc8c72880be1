"""Benchmarks measure what they say: requests are whole and consecutive, answers are counted once, failures end a run.

A benchmark that counts a refusal as an answer, or whose client is slower than the server, gives figures that nobody
doubts until somebody relies on them.
"""

import itertools
import json
import os
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from types import FrameType

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.harness import requests
from benchmarks.harness.arrivals import Clients as Arriving
from benchmarks.harness.load import Clients, Load, alternate, measure_ceiling, middle
from benchmarks.harness.process import Process, ServerFailedError, answers, free_port, running_process
from benchmarks.harness.sampled import place_of
from benchmarks.sessions.soak import growth

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nfull"
HERE = Process(os.getpid())


@contextmanager
def server_of(*replies: bytes) -> Iterator[int]:
    """Answers the requests of each connection with these in turns, in two pieces each."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for reply in itertools.cycle(replies):
                length = 0
                while (line := self.rfile.readline()) not in (b"\r\n", b""):
                    if line.startswith(b"Content-Length: "):
                        length = int(line[16:])
                if not self.rfile.read(length):
                    return
                for piece in (reply[:30], reply[30:]):
                    self.wfile.write(piece)
                    self.wfile.flush()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def body_of(request: bytes) -> dict[str, object]:
    head, _, body = request.partition(b"\r\n\r\n")
    assert int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]) == len(body)
    found: dict[str, object] = json.loads(body)
    return found


def test_observations_of_a_session_are_consecutive() -> None:
    """A gap would be filled, a repetition would change nothing: neither is the work that is said to be measured."""
    opened = json.loads(requests.opening(["a"]))["series"][0]
    begin = datetime.fromisoformat(opened["start"])
    sent = [body_of(one)["series"][0] for one in islice(requests.one_more("a", 0), 400)]  # type: ignore[index]
    times = [datetime.fromisoformat(one["start"]) for one in sent]
    assert times == [begin + timedelta(hours=len(opened["target"]) + step) for step in range(400)]
    assert all(one["session"] == "a" and len(one["target"]) == 1 for one in sent)
    assert len({one["target"][0] for one in sent}) > 100


def test_json_and_arrow_of_many_sessions_say_the_same() -> None:
    """Two formats are compared only if they carry the same observations."""
    names = [f"s{number}" for number in range(5)]
    for text, arrow in islice(
        zip(requests.one_more_of_each(names, 10), requests.one_more_of_each_in_arrow(names, 10), strict=True), 50
    ):
        series = body_of(text)["series"]
        table = pa.ipc.open_stream(arrow.partition(b"\r\n\r\n")[2]).read_all()
        assert [one["session"] for one in series] == table["session"].to_pylist()  # type: ignore[attr-defined]
        np.testing.assert_allclose([one["target"][0] for one in series], table["target"].to_pylist(), rtol=1e-6)  # type: ignore[attr-defined]
        starts = [datetime.fromisoformat(one["start"]) for one in series]  # type: ignore[attr-defined]
        assert starts == table["timestamp"].to_pylist()


@pytest.mark.parametrize("reply", [OK, IN_CHUNKS])
def test_clients_that_wait_count_each_answer_once(reply: bytes) -> None:
    with server_of(reply) as port:
        clients = Clients(port, HERE, [requests.one_more(f"{number}", number) for number in range(3)])
        loads = [clients.run(0.2), clients.run(0.2)]
    for load in loads:
        assert len(load.latencies) >= 3 and load.latencies == sorted(load.latencies)
        assert load.seconds >= 0.2 and load.client_s > 0 and load.server_s >= 0
        assert load.rate == len(load.latencies) / load.seconds


def test_a_client_that_waits_ends_the_run_at_a_refusal() -> None:
    """Refusals are quick: counted as answers they would be the best figures of all."""
    with server_of(OK, REFUSED) as port, pytest.raises(SystemExit, match=r"got 429.*full"):
        Clients(port, HERE, [requests.whole_history(0)]).run(5)


def test_arrivals_keep_their_rate_and_tell_answers_apart() -> None:
    sent: list[int] = []

    def stream(number: int) -> Iterator[bytes]:
        for step, request in enumerate(requests.one_more("a", number)):
            sent.append(step)
            yield request

    with server_of(OK, REFUSED) as port:
        found = Arriving(port, stream, count=8).arrive(rate=200, seconds=0.5, timeout_s=5)
    assert found.statuses.total() + found.unsent == 100 and found.unanswered == 0
    assert found.statuses[200] == found.in_time > 0 and found.statuses[429] > 0 and found.late == 0
    # What was refused is sent again: a stream goes on only after its answer.
    assert len(sent) - len({*range(8)} & set(sent)) <= found.statuses[200] + 8


def test_an_answer_after_its_timeout_is_late() -> None:
    with server_of(OK) as port:
        found = Arriving(port, requests.whole_history, count=8).arrive(rate=50, seconds=0.2, timeout_s=0.0)
    assert found.late == found.statuses[200] == 10 and found.in_time == 0 and found.latest_s > 0


def test_the_ceiling_is_the_client_s_own() -> None:
    assert measure_ceiling([requests.one_more("a", 0)], 0.3) > 100


def test_turns_alternate_and_the_middle_is_reported() -> None:
    """Two sides measured one after the other differ by what else the machine did meanwhile."""
    order: list[str] = []

    def turn(name: str, rate: int) -> Load:
        order.append(name)
        return Load(1.0, [0.001] * (rate + len(order)), 0.1, 0.1)

    loads = alternate(3, [lambda: turn("a", 10), lambda: turn("b", 20)])
    assert "".join(order) == "abbaab"
    assert middle(loads[0]).rate == 14


def test_a_server_that_does_not_come_up_says_why() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such model')"]
    with (
        pytest.raises(ServerFailedError, match="no such model"),
        running_process(command, answers(f"http://127.0.0.1:{free_port()}/"), environment={}, pinned=False),
    ):
        pass


def test_processor_time_and_memory_are_read_of_a_process() -> None:
    before = HERE.cpu_seconds()
    sum(number * number for number in range(1_000_000))
    assert HERE.cpu_seconds() >= before
    assert HERE.resident_bytes() > 1_000_000 and HERE.family()[0] == HERE.pid


def test_growth_is_the_slope_not_the_scatter() -> None:
    readings = [(minute / 10, 500 + 2 * minute / 10 + (-1) ** minute) for minute in range(100)]
    slope, scatter = growth(readings)
    assert slope == pytest.approx(2, abs=0.1) and scatter == pytest.approx(1, abs=0.1)


def test_samples_belong_to_the_innermost_folder_of_the_project() -> None:
    frames: list[FrameType] = []
    growth_of = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]

    class Spy(list[tuple[float, float]]):
        def __iter__(self) -> Iterator[tuple[float, float]]:
            frames.append(sys._getframe())
            return super().__iter__()

        def __len__(self) -> int:
            frames.append(sys._getframe())
            return super().__len__()

    growth(Spy(growth_of))
    assert place_of(frames[0]) == "tests/benchmarks" and place_of(frames[0].f_back) != "tests/benchmarks"
    assert place_of(None) is None
