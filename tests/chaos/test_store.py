"""What happens to a store while a server works on it: nothing answered is lost, and ``/ready`` tells the truth."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from benchmarks.harness.waiting import wait_until
from service.stores.interface import Put
from service.stores.registry import open_store
from tests.builders import tiny_artifact
from tests.chaos import harm
from tests.chaos.server import Server
from tests.service.stores.conformance import record_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = server_of(tmp_path)
    running.start()
    yield running
    running.kill()


def server_of(folder: Path, **changes: str) -> Server:
    tiny_artifact(folder / "artifacts")
    settings = {"artifacts": str(folder / "artifacts"), "state_url": f"sqlite:///{folder}/s.db", **changes}
    return Server(folder, **settings)


def send(server: Server, values: list[float], begin: int, session: str = "s") -> httpx.Response:
    series = {"session": session, "target": values, "from_index": begin}
    return httpx.post(f"{server.url}/forecast", json={"series": [series]}, timeout=30)


def count(server: Server, session: str = "s") -> int:
    kept: int = httpx.get(f"{server.url}/sessions/{session}").json()["count"]
    return kept


def failed(reply: httpx.Response) -> bool:
    return "store_failed" in reply.text and reply.status_code == 503


def ready(server: Server) -> int:
    return httpx.get(f"{server.url}/ready").status_code


def test_a_second_process_is_refused_in_one_line(server: Server, tmp_path: Path) -> None:
    """By a symbolic link, and with the lock file of earlier releases removed, both would have served."""
    assert send(server, [1.0, 2.0, 3.0], 0).status_code == 200
    harm.refused_second(tmp_path, server_of(tmp_path, state_url=f"sqlite:///{tmp_path}/link.db"))
    assert send(server, [4.0], 3).status_code == 200 and count(server) == 4


def test_a_database_that_goes_is_noticed(server: Server, tmp_path: Path) -> None:
    """Answered observations would be written to a file that nobody can open any more."""
    whole = {"s": ("s.db",), "t": ("s.db-wal",), "u": harm.FILES}
    for session, names in whole.items():
        assert send(server, [1.0, 2.0, 3.0], 0, session).status_code == 200
        harm.move_away(tmp_path, names)
        wait_until(lambda: ready(server) == 503, 1.0, f"/ready to notice that {names} are gone")
        assert failed(send(server, [4.0], 3, session)) and failed(send(server, [1.0], 0, "new"))
        harm.put_copies(tmp_path, names)
        assert ready(server) == 503 and failed(send(server, [4.0], 3, session)), "a copy is another file"
        harm.move_back(tmp_path, names)
        wait_until(lambda: ready(server) == 200, 5.0, f"/ready to notice that {names} are back")
        assert send(server, [4.0], 3, session).status_code == 200 and count(server, session) == 4
    server.kill()
    server.start()
    assert [count(server, session) for session in whole] == [4, 4, 4]


def test_a_full_disk_is_told_and_heals(server: Server, tmp_path: Path) -> None:
    """Whatever was answered is there; nobody is sent to a server that cannot keep anything."""
    sent = 3
    assert send(server, [1.0, 2.0, 3.0], 0).status_code == 200 and ready(server) == 200
    harm.fill_disk(tmp_path, server)
    while (reply := send(server, [float(sent)], sent)).status_code == 200:
        sent += 1
        assert sent < 500
    assert failed(reply) and ready(server) == 503 and ready(server) == 503
    harm.limit_files(server, harm.FOREVER)
    wait_until(lambda: ready(server) == 200, 5.0, "/ready to see that there is room again")
    assert count(server) == sent and send(server, [float(sent)], sent).status_code == 200
    server.kill()
    server.start()
    assert count(server) == sent + 1


def test_clocks_that_jump_end_no_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month forward for seconds, three months back, and a start with a clock that is a month ahead."""
    monkeypatch.setenv("CLOCK_FILE", str(tmp_path / "clock"))
    harm.set_clock(tmp_path, 0)
    server = server_of(tmp_path, session_ttl_s=str(30 * harm.DAY), module="tests.chaos.jumping_clock")
    server.start()
    try:
        assert send(server, [1.0, 2.0, 3.0], 0).status_code == 200
        sent = 3
        ends: list[str] = []
        for days in (31, 0, -90, 0):
            harm.set_clock(tmp_path, days)
            for name in ("s", f"at{days}"):
                begin = sent if name == "s" else 0
                reply = send(server, [float(begin)], begin, name)
                assert reply.status_code == 200, reply.text
            ends.append(httpx.get(f"{server.url}/sessions/s").json()["expires_at"])
            sent += 1
        assert ends == sorted(ends)
        assert count(server, "at-90") == 1 and count(server, "at31") == 1
        server.kill()
        harm.set_clock(tmp_path, 31)
        server.start()
        assert count(server) == sent
        harm.set_clock(tmp_path, 0)
        assert count(server) == sent
    finally:
        server.kill()


def expired_sessions(folder: Path, number: int) -> int:
    """Make a database of so many sessions whose life has ended; gives its bytes."""
    store = open_store(f"sqlite:///{folder}/s.db")
    state, past = bytes(15_000), time.time() - harm.DAY
    for begin in range(0, number, 1000):
        names = range(begin, min(begin + 1000, number))
        store.commit([Put(record_of(f"{n:064x}", expires_at=past - n % 7), state) for n in names])
    store.close()
    return (folder / "s.db").stat().st_size


class Beside:
    """Commits one row at a time to a file of its own: how long that takes is how busy machine and disk are."""

    def __init__(self, folder: Path) -> None:
        self.waits: list[float] = []
        self._file, self._stopped = folder / "beside.db", threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> list[float]:
        self._thread.start()
        return self.waits

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(sqlite3.connect(self._file, isolation_level=None, timeout=60)) as writer:
            writer.execute("PRAGMA journal_mode = WAL")
            writer.execute("PRAGMA synchronous = FULL")
            writer.execute("CREATE TABLE waits (at REAL)")
            while not self._stopped.wait(0.01):
                began = time.perf_counter()
                writer.execute("INSERT INTO waits VALUES (?)", (began,))
                self.waits.append(time.perf_counter() - began)


def expiry(folder: Path, number: int) -> tuple[list[float], list[float]]:
    """Serve one stream while so many sessions end; gives the waits for a forecast and for a commit beside, sorted."""
    before = expired_sessions(folder, number)
    server = server_of(folder)
    server.start()
    sent = 3
    try:
        with (
            httpx.Client(base_url=server.url, timeout=60) as client,
            closing(sqlite3.connect(f"file:{folder}/s.db?mode=ro", uri=True)) as looking,
        ):

            def left() -> int:
                return int(looking.execute("SELECT count(*) FROM sessions WHERE dropped = 0").fetchone()[0]) - 1

            assert send(server, [1.0, 2.0, 3.0], 0).status_code == 200
            waits: list[float] = []
            remaining = [left()]
            with Beside(folder) as beside:
                while sent < 40 or remaining[-1]:
                    for _ in range(20):
                        body = {"series": [{"session": "s", "target": [float(sent % 7)], "from_index": sent}]}
                        began = time.perf_counter()
                        assert client.post("/forecast", json=body).status_code == 200
                        waits.append(time.perf_counter() - began)
                        sent += 1
                    assert client.get("/ready").status_code == 200
                    remaining.append(left())
        assert count(server) == sent
        assert server.process is not None
        server.process.terminate()
        server.process.wait(60)
    finally:
        server.kill()
    assert any(0 < some < number for some in remaining), "all ended at once, between two looks"
    assert (folder / "s.db").stat().st_size < before / 2
    for name, found in ((f"forecasts while {number} sessions end", waits), ("commits beside", beside)):
        found.sort()
        shares = ", ".join(f"{1e3 * found[int(share * (len(found) - 1))]:.1f}" for share in (0.5, 0.99, 0.999, 1))
        print(f"{name}: {len(found)}, ms at 50, 99, 99.9 and 100 %: {shares}")
    return waits, beside


def test_forecasts_go_on_while_sessions_end(tmp_path: Path) -> None:
    """Ended all at once, they stop every forecast; and the file shrinks."""
    expiry(tmp_path, 2_000)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_thousand_sessions_end_unnoticed(tmp_path: Path) -> None:
    """They stopped all forecasts for 22 s. A forecast is a few turns of several threads and a commit, on a machine that
    others may use: it is held against commits beside it, which know nothing of the sessions."""
    waits, beside = expiry(tmp_path, 200_000)
    assert waits[-1] < 5 * beside[-1] + 0.25
