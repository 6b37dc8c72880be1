"""Sessions that leave a server and come back: every clause of the contract, over HTTP."""

import asyncio
import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from tests.builders import tiny_artifact
from tests.service.http_client import serving, settings_of
from tests.service.serving.sessions.moving import OTHER, SECRET, export, restore
from tests.service.streaming.scenes import Count, alike, lane_of, nothing, post, series, serve


@settings(max_examples=6)
@given(st.lists(st.integers(1, 25), min_size=1, max_size=4), st.integers(1, 5), st.sampled_from(["sqlite", "memory"]))
def test_a_session_that_moves_goes_on_as_one_that_never_did(
    tmp_path_factory: pytest.TempPathFactory, folder: Path, parts: list[int], streamed: int, kind: str
) -> None:
    """Moved after requests of any sizes and after streamed ones, to another store under another id, to the byte."""
    place = tmp_path_factory.mktemp("states")
    urls = [f"sqlite:///{place}/a.db", f"sqlite:///{place}/b.db" if kind == "sqlite" else "memory://"]

    async def scene() -> None:
        one, other = (settings_of(folder, compiled="off", state_url=url, **OTHER) for url in urls)
        async with serving(one) as (here, _), serving(other) as (there, _):
            step = 0
            for size in [*parts, *[1] * streamed]:
                await post(here, series("s", 1, step, step + size))
                step += size
            data = await export(here)
            moved = await restore(there, data, "t")
            kept = (await here.get("/sessions/s")).json()
            assert {**moved, "id": "", "created_at": "", "expires_at": ""} == {
                **kept, "id": "", "created_at": "", "expires_at": ""
            }  # fmt: skip
            for size in (1, 1, 7, 1):
                stayed = (await post(here, series("s", 1, step, step + size)))["forecasts"][0]
                went = (await post(there, series("t", 1, step, step + size)))["forecasts"][0]
                assert went["session"].pop("id") == "t" and stayed["session"].pop("id") == "s"
                assert went["session"]["digest"] == stayed["session"]["digest"]
                alike(went, stayed)
                step += size
            scores = [(await client.get(path)).json()["scores"] for client, path in (
                (here, "/sessions/s"), (there, "/sessions/t")
            )]  # fmt: skip
            assert scores[0] == scores[1]

    asyncio.run(scene())


def test_a_file_is_safetensors_whose_header_says_what_it_is(folder: Path) -> None:
    """What a client archives must be readable without this server: by any reader of safetensors."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        last = (await post(client, series("s", 0, 0, 30)))["forecasts"][0]["session"]
        answer = await client.get("/sessions/s/state")
        assert answer.headers["etag"] == f'"{last["digest"]}"'
        tensors, length = load(answer.content), int.from_bytes(answer.content[:8], "little")
        header = json.loads(answer.content[8 : 8 + length])["__metadata__"]
        assert header["count"] == "30" and header["last_timestamp"] == last["last_timestamp"]
        assert header["model"].startswith("sha256:") and header["digest"] == last["digest"]
        assert tensors["state"].shape[0] == 1 and len(tensors["tail"]) == 30
        assert not header.keys() & {"key", "owner", "session"}

    serve(folder, scene, **OTHER)


def test_what_is_not_such_a_file_is_refused_and_changes_nothing(folder: Path) -> None:
    """Every kind of damage has its status; a state that somebody made up must never reach a network."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 30))
        data = await export(client)
        before = (await client.get("/sessions/s")).json()
        rng = np.random.default_rng(0)
        for end in [0, 1, 8, 9, *rng.integers(9, len(data), 40).tolist(), len(data) - 1]:
            assert (await restore(client, data[:end], status=422))["code"] in ("invalid_state", "wrong_signature")
        for place in [*range(12), *rng.integers(8, len(data), 60).tolist()]:
            forged = bytearray(data)
            forged[place] ^= 1 << int(rng.integers(8))
            assert (await restore(client, bytes(forged), status=422))["code"] in ("invalid_state", "wrong_signature")
        assert (await restore(client, data + b"\0", status=422))["code"] == "wrong_signature"
        lone = save({"state": np.zeros(4, np.uint8)}, {"format": "statecast-session", "signature": "x"})
        assert (await restore(client, lone, status=422))["code"] == "wrong_signature"
        surrogate = b'{"__metadata__":{"format":"statecast-session","signature":"\\ud800"}}'
        made = len(surrogate).to_bytes(8, "little") + surrogate
        assert (await restore(client, made, status=422))["code"] == "wrong_signature"
        for other in (b"{}", b"\xff" * 100, (2**63).to_bytes(8, "little") + b"{}", b"\2\0\0\0\0\0\0\0[]"):
            assert (await restore(client, other, status=422))["code"] == "invalid_state"
        assert (await restore(client, bytes(2**20 + 1), status=413))["code"] == "too_large"
        assert (await restore(client, data, "a" * 300, status=422))["code"] == "invalid_request"
        assert (await client.get("/sessions/s")).json() == before

    serve(folder, scene, max_body_bytes=2**20, **OTHER)


def test_states_of_other_servers_and_of_earlier_times_are_refused(folder: Path, tmp_path: Path) -> None:
    """A foreign secret, a model that is not here, a session that went on, another session of the same id."""
    tiny_artifact(tmp_path, "tiny", seed=7)
    files: dict[str, bytes] = {}

    async def elsewhere(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 30))
        files["foreign"] = await export(client)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await restore(client, files["model"], status=409))["code"] == "model_changed"
        assert (await restore(client, files["secret"], status=422))["code"] == "wrong_signature"
        await post(client, series("s", 0, 0, 30))
        early = await export(client)
        assert (await restore(client, early))["count"] == 30
        last = (await post(client, series("s", 0, 30, 31)))["forecasts"][0]["session"]["digest"]
        assert (await restore(client, early, status=409))["code"] == "older_state"
        assert (await restore(client, early, status=412, match='"sha256:00"'))["code"] == "state_moved_on"
        assert (await client.get("/sessions/s")).json()["digest"] == last
        late = await export(client)
        assert (await restore(client, early, match=f'"{last}"'))["count"] == 30
        assert (await restore(client, late))["digest"] == last
        await post(client, series("other", 1, 5, 40))
        assert (await restore(client, late, "other", status=409))["code"] == "session_exists"
        # Without times all series begin at 0: by that alone another one would take the place of this without a word.
        await post(client, {"session": "plain", "target": [1.0, 2.0, 3.0]})
        await post(client, {"session": "longer", "target": [1.0, 2.0, 4.0, 5.0]})
        longer = (await client.get("/sessions/longer/state")).content
        assert (await restore(client, longer, "plain", status=409))["code"] == "session_exists"
        assert (await restore(client, late, "new", status=412, match="*"))["code"] == "state_moved_on"

    serve(tmp_path, elsewhere, state_secret=SECRET)
    files["model"] = files["foreign"]
    serve(folder, elsewhere, default_model="tiny", state_secret="another secret of old")
    files["secret"] = files["foreign"]
    serve(folder, scene, **OTHER)


def test_a_server_without_a_secret_keeps_one_beside_its_sessions(folder: Path, tmp_path: Path) -> None:
    """Else what it exported today it would refuse after a restart."""
    url, files = f"sqlite:///{tmp_path}/state/s.db", []

    async def first(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 30))
        files.append(await export(client))

    async def second(client: httpx.AsyncClient, app: FastAPI) -> None:
        await restore(client, files[0], "t")

    async def stranger(client: httpx.AsyncClient, app: FastAPI) -> None:
        await restore(client, files[0], "t", status=422)

    serve(folder, first, default_model="tiny", state_url=url)
    serve(folder, second, default_model="tiny", state_url=url)
    serve(folder, stranger, default_model="tiny")
    assert (tmp_path / "state" / "s.db.secret").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError, match="at least 16"):
        settings_of(folder, state_secret="short")
    (tmp_path / "state" / "s.db.secret").write_bytes(b"")
    with pytest.raises(ValueError, match=r"s\.db\.secret: expected a secret of at least 16 bytes, got 0"):
        serve(folder, second, default_model="tiny", state_url=url)


def test_what_is_imported_over_a_streamed_session_survives_a_crash(folder: Path, tmp_path: Path) -> None:
    """The journal has observations of the session that was replaced; a start must not run them through the new one."""
    url, found = f"sqlite:///{tmp_path}/s.db", {}

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 40))
        data = await export(client)
        count = Count(lane_of(app))
        for step in range(40, 50):
            last = await post(client, series("s", 0, step, step + 1))
        assert count.taken >= 8
        digest = last["forecasts"][0]["session"]["digest"]
        streamed = await export(client)
        assert (await restore(client, streamed, "copy"))["digest"] == digest
        await restore(client, data, match=f'"{digest}"')
        for step in range(40, 43):
            last = await post(client, series("s", 0, step, step + 1))
        found["s"], found["copy"] = last["forecasts"][0]["session"]["digest"], digest
        lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        for session, count in (("s", 43), ("copy", 50)):
            kept = (await client.get(f"/sessions/{session}")).json()
            assert (kept["count"], kept["digest"]) == (count, found[session])
            again = await post(client, series(session, 0, count, count + 1))
            whole = await post(client, series(f"w{session}", 0, 0, count + 1))
            assert again["forecasts"][0]["session"]["digest"] == whole["forecasts"][0]["session"]["digest"]
            np.testing.assert_allclose(again["forecasts"][0]["mean"], whole["forecasts"][0]["mean"], atol=1e-3)

    serve(folder, crash, default_model="tiny", state_url=url)
    serve(folder, go_on, default_model="tiny", state_url=url)
