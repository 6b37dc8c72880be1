"""Redis may be shared and may be away: what two processes do to one session, and what is said while it is gone."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from service.stores.interface import Answer, Delete, Moved, Put, SharedStore, StoreError, Touch, Unacknowledged
from service.stores.registry import find_store, open_store, without_password
from tests.service.stores.conformance import record_of
from tests.service.stores.redis_server import RedisServer, common_server


@pytest.fixture
def url() -> str:
    common_server().empty()
    return common_server().url


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    running = RedisServer(tmp_path / "redis")
    running.start()
    yield running
    running.kill()


def test_who_goes_on_from_an_older_state_is_refused(url: str) -> None:
    """Both would advance the same state, and one of two observations would be lost."""
    first, second = open_store(url), open_store(url)
    first.commit([Put(record_of("k", digest="sha256:01"), b"1", "")])
    for late in ("", "sha256:00"):
        with pytest.raises(Moved) as refused:
            second.commit([Put(record_of("other"), b"x", ""), Put(record_of("k", digest="sha256:02"), b"2", late)])
        assert refused.value.keys == {"k"} and second.get("other") is None and first.state("k") == b"1"
    second.commit([Put(record_of("k", digest="sha256:02"), b"2", "sha256:01")])
    with pytest.raises(Moved):
        first.commit([Touch("k", 1.0, 2.0, "sha256:01")])
    first.commit([Touch("k", 150.0, 300.0, "sha256:02")])
    assert first.state("k") == b"2"


def test_who_deletes_what_another_has_advanced_is_refused(url: str) -> None:
    """``If-Match`` would have let it go, with an observation that its client knows nothing of."""
    first, second = open_store(url), open_store(url)
    first.commit([Put(record_of("k", digest="sha256:01"), b"1", "")])
    second.commit([Put(record_of("k", digest="sha256:02"), b"2", "sha256:01")])
    with pytest.raises(Moved):
        first.commit([Delete("k", "sha256:01")])
    first.commit([Delete("k", "sha256:02"), Delete("nobody")])
    assert second.get("k") is None


def test_what_was_deleted_by_hand_does_not_stop_the_housekeeping(url: str) -> None:
    """No session would ever end any more, on any replica."""
    store = open_store(url)
    store.commit([Put(record_of(key), b"1", "") for key in ("a", "b")])
    with Redis.from_url(url) as client:
        client.delete("statecast:s:a")
    assert store.expire(200.0, 0.0, 10)[:2] == (2, 0) and store.get("a") is None
    assert not any(store.expire(200.0, 0.0, 10))


def test_a_page_does_not_end_at_a_session_that_went_meanwhile(url: str) -> None:
    """Taken for the end of the list, it would hide all sessions after it."""
    store = open_store(url)
    store.commit([Put(record_of(f"k{n}", owner="me", name=f"n{n}"), b"1", "") for n in range(6)])
    with Redis.from_url(url) as client:
        client.delete("statecast:s:k0", "statecast:s:k1", "statecast:s:k3")
    assert [record.name for record in store.named("me", "", "", 2)] == ["n2", "n4"]
    assert [record.name for record in store.named("me", "", "n2", 9)] == ["n4", "n5"]


def test_a_session_that_ended_or_was_deleted_is_not_gone_on_with(url: str) -> None:
    """It would be there again, without what others know of its end."""
    first, second = open_store(url), open_store(url)
    first.commit([Put(record_of("ended"), b"1", ""), Put(record_of("deleted", expires_at=900.0), b"1", "")])
    second.expire(200.0, 0.0, 10)
    second.commit([Delete("deleted")])
    for key in ("ended", "deleted"):
        with pytest.raises(Moved):
            first.commit([Put(record_of(key, digest="sha256:cc"), b"2", "sha256:bb")])
    with pytest.raises(Moved):
        first.commit([Put(record_of("ended"), b"2", "")])


def test_only_what_differs_is_read(url: str) -> None:
    """Each use of a session asks; to read all of it each time would cost more than the forecast."""
    store, other = open_store(url), open_store(url)
    assert isinstance(store, SharedStore)
    store.commit([Put(record_of(key, digest="sha256:01", expires_at=900.0), b"1") for key in ("a", "b", "c", "d")])
    other.commit([Put(record_of("b", digest="sha256:02", count=7), b"2"), Delete("c")])
    other.commit([Put(record_of("d", digest="sha256:01"), b"1")])
    other.commit([Delete("d"), Put(record_of("d", digest="sha256:01", expires_at=100.0), b"1")])
    other.expire(100.0, 0.0, 10)
    found = store.changed({**dict.fromkeys(("a", "b", "c", "d"), "sha256:01"), "e": ""})
    assert found.keys() == {"b", "c", "d", "e"} and found["c"] is None and found["e"] is None
    assert found["b"] is not None and (found["b"].count, found["b"].digest) == (7, "sha256:02")
    assert found["d"] is not None and found["d"].dropped


def test_what_was_acknowledged_survives_a_kill(server: RedisServer) -> None:
    """Once a commit returns, an observation counts as kept."""
    store = open_store(server.url)
    assert store.durable
    for number in range(20):
        store.commit([Put(record_of("k", count=number), bytes([number])), Answer("a", b"1", 0.0, 2e9)])
    server.kill()
    server.start()
    found = store.get("k")
    assert found is not None and found.count == 19 and store.state("k") == b"\x13" and store.answer("a", 0.0) == b"1"


def test_while_it_is_away_all_fails_and_then_all_works(server: RedisServer) -> None:
    """A service that had to be restarted after its Redis would need somebody to notice."""
    store = open_store(server.url)
    store.commit([Put(record_of("k"), b"1", "")])
    server.kill()
    for call in (
        lambda: store.get("k"),
        lambda: store.state("k"),
        lambda: store.commit([Touch("k", 1.0, 2.0)]),
        store.check,
        lambda: store.expire(0.0, 0.0, 1),
        lambda: store.answer("a", 0.0),
    ):
        with pytest.raises(StoreError, match="127"):
            call()
    with pytest.raises(Unacknowledged):
        store.commit([Touch("k", 1.0, 2.0)])
    early = open_store(server.url)
    assert not early.durable and early.last_written() is None
    server.start()
    for one in (store, early):
        one.check()
        assert one.durable and one.state("k") == b"1"
        one.commit([Touch("k", 1.0, 2.0)])


@pytest.mark.parametrize("options", [("--appendonly", "no"), ("--appendonly", "yes", "--appendfsync", "everysec")])
def test_a_redis_that_may_lose_what_it_acknowledged_is_not_durable(tmp_path: Path, options: tuple[str, ...]) -> None:
    """``/ready`` would promise what nobody keeps."""
    server = RedisServer(tmp_path, *options)
    server.start()
    try:
        store = open_store(server.url)
        store.check()
        assert not store.durable
    finally:
        server.kill()


def test_a_wrong_password_ends_the_start(tmp_path: Path) -> None:
    """Taken for a Redis that is away, it would be waited for; the password must not stand in a log."""
    server = RedisServer(tmp_path, "--requirepass", "right")
    server.start()
    try:
        with pytest.raises(StoreError, match="refuses the user or password") as refused:
            open_store(server.url.replace("//", "//:wrong@"))
        assert ":wrong" not in str(refused.value)
        open_store(server.url.replace("//", "//:right@")).check()
    finally:
        server.kill()


def test_no_part_of_a_password_is_shown() -> None:
    """What a start prints is kept in logs for years."""
    for password in ("pass/word", "pass:word@", "pass[word"):
        with pytest.raises(StoreError, match="state_url") as refused:
            open_store(f"redis://:{password}@127.0.0.1:wrong/0")
        assert "pass" not in str(refused.value).replace("password", "").replace("PASSWORD", "")
    with pytest.raises(StoreError) as refused:
        find_store("redis:/:pass-word@127.0.0.1")
    assert "pass-word" not in str(refused.value)
    assert without_password("rediss://me:pass@word@there:6379/0?password=word") == "rediss://there:6379/0"


def test_a_full_redis_says_so_and_heals(tmp_path: Path) -> None:
    """Nobody is sent to a server that cannot keep anything."""
    server = RedisServer(tmp_path, "--maxmemory", "8mb")
    server.start()
    try:
        store = open_store(server.url)
        with pytest.raises(StoreError, match="memory"):
            for number in range(1000):
                store.commit([Put(record_of(f"k{number}"), bytes(100_000))])
        with pytest.raises(StoreError, match="memory"):
            store.check()
        store.commit([Delete(f"k{n}") for n in range(1000)])
        store.check()
    finally:
        server.kill()


def test_tls_is_the_same_store() -> None:
    assert find_store("rediss://somewhere:6380").name == "redis"


def test_its_scripts_are_installed_with_it() -> None:
    """Left out of the package, a server that was installed by pip would fail at its start."""
    root = Path(__file__).parents[3]
    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["service"]
    scripts = [path.relative_to(root / "service") for path in (root / "service").rglob("*.lua")]
    assert len(scripts) == 2 and all(any(script.match(pattern) for pattern in patterns) for script in scripts)
