"""All sessions leave one store and go on in another, to the byte; a kill at any moment costs nothing but time."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.__main__ import main
from service.savepoints.archive import SavepointError, members
from service.savepoints.exporting import export_sessions
from service.savepoints.importing import check_savepoint
from service.savepoints.writer import SavepointWriter
from service.serving.sessions.state_file import read_state
from service.sessions.session_key import key_of
from service.stores.interface import Put, Record, StoreError
from service.stores.registry import open_store
from service.stores.sqlite import SqliteStore
from tests.service.savepoints.moving import SECRET, digests, export, goes_on, restore, store_at
from tests.service.stores.conformance import STATE, record_of, url_of

KEY = SECRET.encode()


@pytest.fixture(scope="module")
def savepoint(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a server that was killed while it streamed."""
    folder = tmp_path_factory.mktemp("from")
    here = store_at(models, f"sqlite:///{folder}/a.db")
    digests(here, crash=True, fill=True)
    assert export(here, folder / "all.tar") == 0
    return folder / "all.tar"


def test_what_was_streamed_before_a_kill_is_in_it(
    models: Path, savepoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal is part of the truth; without it the last observations of a crash would be lost with the move."""
    there = store_at(models, f"sqlite:///{tmp_path}/b.db")
    assert restore(there, savepoint) == 0
    assert "imported 5 of 5 sessions" in capsys.readouterr().out
    assert digests(there)["plain"]["count"] == 70
    assert (savepoint.stat().st_mode & 0o777, list(savepoint.parent.glob("*.part"))) == (0o600, [])


def test_states_that_are_behind_are_brought_up_first(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A state without a session's last observations would go on as if they had never been; whose model is not there
    stays where it is, by name."""
    here, there = store_at(models, url_of("redis", tmp_path)), store_at(models, f"sqlite:///{tmp_path}/b.db")
    was = digests(here, fill=True)
    store = open_store(here.state_url)
    with pytest.raises(StoreError, match="behind"):
        store.state(key_of("", "plain"))
    assert (export(here, tmp_path / "all.tar"), restore(there, tmp_path / "all.tar")) == (0, 0)
    assert {name: one["digest"] for name, one in digests(there).items()} == {
        name: one["digest"] for name, one in was.items()
    }
    next_ones, whole = goes_on(there), store_at(models, f"sqlite:///{tmp_path}/c.db")
    digests(whole, fill=True)
    np.testing.assert_allclose(next_ones["plain"][1], goes_on(whole)["plain"][1], rtol=1e-4)
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "letters-1").symlink_to(models / "letters-1")
    capsys.readouterr()
    without = store_at(tmp_path / "few", here.state_url, default_model="letters")
    assert export(without, tmp_path / "few.tar") == 1
    assert "1 sessions are not in it, or without" in (said := capsys.readouterr().err) and said.strip().endswith(
        "plain"
    )


def test_an_import_that_is_done_again_changes_nothing(
    models: Path, savepoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a kill it is simply started again; a session that has gone on since must not be set back."""
    there = store_at(models, f"sqlite:///{tmp_path}/b.db")
    restore(there, savepoint)
    store = open_store(there.state_url)
    first, second = (next(one for one in store.sessions(None) if one.name == name) for name in ("text", "plain"))
    store.commit([Put(replace(first, name="gone on", last_index=first.last_index + 1, digest="sha256:ab"), b"x")])
    store.commit([Put(replace(second, first_index=7, digest="sha256:cd", name="another"), b"y")])
    store.close()
    capsys.readouterr()
    assert restore(there, savepoint) == 1
    out, err = capsys.readouterr()
    assert "imported 0 of 5 sessions, 4 were there already" in out and "1 sessions were left out" in err
    store = open_store(there.state_url)
    assert (store.state(first.key), store.state(second.key)) == (b"x", b"y")
    store.close()


def contents(path: Path) -> list[tuple[str, str, bytes]]:
    """Keys, digests and states of a savepoint that is whole."""
    with path.open("rb") as file:
        check_savepoint(file, KEY, {"sha256:aa"})
        read = [read_state(one.data, KEY) for one in members(file) if one.name.endswith(".safetensors")]
    return [(record.key, record.digest, state) for record, state in read]


@pytest.mark.parametrize("place", [0.01, 0.3, 0.61, 0.999])
def test_an_export_that_was_killed_goes_on(tmp_path: Path, place: float) -> None:
    """Wherever the kill cuts the file, the next start completes it to what one run gives."""
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    store.commit([Put(record_of(f"{n:064}", expires_at=1e10), STATE[: 1000 + 2 * n]) for n in range(40)])
    whole = tmp_path / "whole.tar"
    with SavepointWriter(whole, KEY, None) as writer:
        export_sessions(store, writer, None, 0.0, store.state)
        writer.finish()
    data = whole.read_bytes()
    (tmp_path / "cut.tar.part").write_bytes(data[: int(place * len(data))])
    with SavepointWriter(tmp_path / "cut.tar", KEY, None) as writer:
        assert abs(writer.sessions - 40 * place) <= 1
        with pytest.raises(SavepointError, match="another process"):
            SavepointWriter(tmp_path / "cut.tar", KEY, None)
        export_sessions(store, writer, None, 0.0, store.state)
        writer.finish()
    first, second = contents(whole), contents(tmp_path / "cut.tar")
    assert len(first) == 40 and first == second
    with pytest.raises(SavepointError, match="there already"):
        SavepointWriter(whole, KEY, None)
    (tmp_path / "other.tar.part").write_bytes(data)
    for secret, model in ((KEY, "tiny"), (b"another secret", None)):
        with pytest.raises(SavepointError, match="begun with another"):
            SavepointWriter(tmp_path / "other.tar", secret, model)
    store.close()


def test_an_import_that_was_killed_goes_on(
    models: Path, savepoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was written before the kill is there, once, and the rest follows."""
    there, commit, left = store_at(models, f"sqlite:///{tmp_path}/b.db"), SqliteStore.commit, [2]

    def dies(store: SqliteStore, writes: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StoreError("killed")
        commit(store, writes)

    monkeypatch.setattr("service.savepoints.importing.SESSIONS_AT_ONCE", 1)
    monkeypatch.setattr(SqliteStore, "commit", dies)
    with pytest.raises(StoreError):
        restore(there, savepoint)
    monkeypatch.undo()
    assert restore(there, savepoint) == 0
    assert "imported 3 of 5 sessions, 2 were there already" in capsys.readouterr().out


def test_memory_does_not_grow_with_the_sessions(tmp_path: Path) -> None:
    """A million sessions are ten gigabytes."""
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    for part in range(4):
        store.commit([Put(record_of(f"{part}{n:063}", expires_at=1e10), STATE) for n in range(100)])
    tracemalloc.start()
    with SavepointWriter(tmp_path / "all.tar", KEY, None) as writer:
        export_sessions(store, writer, None, 0.0, store.state)
        size = writer.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    store.close()
    assert size > 20e6 and peak < 10e6


def test_the_expired_and_those_of_other_models_stay(tmp_path: Path) -> None:
    """What no request would find must not come to life again elsewhere."""
    store = open_store("memory://")
    living = [("a", "load@1", 900.0), ("b", "wind@1", 900.0), ("c", "load@2", 900.0), ("d", "load@1", 90.0)]
    store.commit([Put(record_of(key, model_name=name, expires_at=ends), b"xy") for key, name, ends in living])
    store.expire(95.0, 0.0, 10)
    for model, sessions in ((None, 3), ("load", 2), ("load@2", 1), ("sha256:aa", 3), ("rain", 0)):
        with SavepointWriter(tmp_path / f"{model}.tar", KEY, model) as writer:
            export_sessions(store, writer, model, 100.0, store.state)
            writer.finish()
        assert writer.sessions == sessions


def test_the_command_line_says_what_is_wrong(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with how to go on; and it never serves by mistake."""
    monkeypatch.setenv("STATECAST_ARTIFACTS", str(models))
    monkeypatch.setenv("STATECAST_DEFAULT_MODEL", "tiny")

    def ends(url: str, *words: str) -> str:
        monkeypatch.setenv("STATECAST_STATE_URL", url)
        assert main(words) == 2
        return capsys.readouterr().err

    assert "memory:// ends with its process" in ends("memory://", "export", "--out", f"{tmp_path}/x")
    assert "set STATECAST_STATE_SECRET" in ends("redis://127.0.0.1:1", "export", "--out", f"{tmp_path}/x")
    assert "No such file" in ends(f"sqlite:///{tmp_path}/s.db", "import", f"{tmp_path}/none")
    held = open_store(f"sqlite:///{tmp_path}/s.db")
    assert "another process holds" in ends(f"sqlite:///{tmp_path}/s.db", "export", "--out", f"{tmp_path}/x")
    held.close()
    for wrong in (["exports"], ["export"], ["import"]):
        with pytest.raises(SystemExit):
            main(wrong)
    assert main(["export", "--out", f"{tmp_path}/x"]) == 0


def test_a_session_that_others_advance_meanwhile_is_of_one_moment(tmp_path: Path) -> None:
    """A record with the state of another step would read on from where it never was."""
    store = open_store("memory://")
    store.commit([Put(record_of(key, expires_at=900.0), b"old") for key in "abc"])

    class Advanced(type(store)):  # type: ignore[misc]
        """Another process advances a session between the read of its record and that of its state."""

        def state(self, key: str) -> bytes | None:
            if key == "b" and self.get("b").count == 6:
                self.commit([Put(record_of("b", count=7, digest="sha256:cc", expires_at=900.0), b"new")])
                self.commit([Put(record_of("c", dropped=True), b"")])
            found: bytes | None = super().state(key)
            return found

        def changed(self, known: dict[str, str]) -> dict[str, Record | None]:
            now = {key: self.get(key) for key in known}
            return {key: one for key, one in now.items() if one.digest != known[key] or one.dropped}

        def behind(self, key: str) -> None:
            """None of its sessions is."""

    store.__class__ = Advanced
    written: list[tuple[int, bytes]] = []
    with SavepointWriter(tmp_path / "all.tar", KEY, None) as writer:
        writer.add = lambda record, state: written.append((record.count, state))  # type: ignore[method-assign]
        export_sessions(store, writer, None, 100.0, store.state)
    assert written == [(6, b"old"), (7, b"new")]
