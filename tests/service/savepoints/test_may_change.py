"""What may change between export and import, row by row of the table in the documents, and what may not."""

import asyncio
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch

from service.savepoints.archive import FIRST, SavepointError, member_bytes
from service.savepoints.importing import check_savepoint
from tests.builders import tiny_artifact
from tests.service.http_client import serving
from tests.service.savepoints.moving import SECRET, digests, export, goes_on, restore, store_at
from tests.service.stores.conformance import url_of
from tests.service.streaming.scenes import post, series
from tests.test_docs import ROOT

RELEASES = ROOT / "tests" / "data" / "sessions"
"""Files of sessions that earlier releases left, and what they answered."""

Home = tuple[Path, dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def home(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A savepoint; what its sessions were; and what they answered next where they stayed."""
    folder = tmp_path_factory.mktemp("home")
    here = store_at(models, f"sqlite:///{folder}/a.db")
    was = digests(here, fill=True)
    assert export(here, folder / "all.tar") == 0
    return folder / "all.tar", was, goes_on(here)


def same_sessions(one: dict[str, Any], other: dict[str, Any]) -> None:
    def lasting(found: dict[str, Any]) -> dict[str, Any]:
        left = {"created_at", "expires_at"}
        return {name: {key: value[key] for key in value.keys() - left} for name, value in found.items()}

    assert len(one) == 5 and lasting(one) == lasting(other)


def same_answers(one: dict[str, Any], other: dict[str, Any], tolerance: float = 1e-6) -> None:
    assert one["text"] == other["text"]
    for name in ("plain", "short", "two"):
        assert one[name][0] == other[name][0], f"{name}: another digest"
        means = [found if isinstance(found, dict) else {"": found} for found in (one[name][1], other[name][1])]
        for variable in means[0]:
            np.testing.assert_allclose(means[0][variable], means[1][variable], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("target", ["sqlite", "redis"])
def test_the_store(models: Path, home: Home, tmp_path: Path, target: str) -> None:
    """And the folder and the machine with it, there and back."""
    path, was, next_ones = home
    there = store_at(models, url_of(target, tmp_path))
    assert restore(there, path) == 0
    same_sessions(was, digests(there))
    assert export(there, tmp_path / "back.tar") == 0
    back = store_at(models, f"sqlite:///{tmp_path}/elsewhere/s.db")
    assert restore(back, tmp_path / "back.tar") == 0
    same_sessions(was, digests(back))
    same_answers(next_ones, goes_on(back))
    same_answers(next_ones, goes_on(there))


def test_the_number_of_replicas(models: Path, home: Home, tmp_path: Path) -> None:
    """From one server to two that share a store, each of which goes on with any session."""
    path, _, next_ones = home
    there = store_at(models, url_of("redis", tmp_path))
    assert restore(there, path) == 0

    async def scene() -> None:
        async with serving(there) as (one, _), serving(there) as (other, _):
            for client, step in ((one, 70), (other, 71), (one, 72)):
                last = (await post(client, series("plain", 0, step, step + 1)))["forecasts"][0]
            assert last["session"]["digest"] == next_ones["plain"][0]
            np.testing.assert_allclose(last["mean"], next_ones["plain"][1], rtol=1e-4)

    asyncio.run(scene())
    assert export(there, tmp_path / "two.tar") == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_device(models: Path, home: Home, tmp_path: Path) -> None:
    """A state is the same numbers everywhere, within rounding."""
    path, was, next_ones = home
    there = store_at(models, f"sqlite:///{tmp_path}/s.db", device="cuda")
    assert restore(there, path) == 0
    same_sessions(was, digests(there))
    same_answers(next_ones, goes_on(there), tolerance=1e-3)


@pytest.mark.parametrize("release", ["float32", "float64"])
def test_the_release(tmp_path: Path, release: str) -> None:
    """To a later one: sessions that an earlier release left are exported, imported and go on."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "tiny").symlink_to(ROOT / "tests" / "data" / "artifacts" / "schema-4")
    (tmp_path / "old.db").write_bytes(gzip.decompress((RELEASES / f"{release}.db.gz").read_bytes()))
    here, there = (store_at(tmp_path / "artifacts", f"sqlite:///{tmp_path}/{name}.db") for name in ("old", "new"))
    assert (export(here, tmp_path / "all.tar"), restore(there, tmp_path / "all.tar")) == (0, 0)
    answered = json.loads((RELEASES / "answers.json").read_text())[release]

    async def scene(client: httpx.AsyncClient) -> None:
        for name, was in answered.items():
            kept = (await client.get(f"/sessions/{name}")).json()
            assert (kept["count"], kept["digest"]) == (was["count"], was["digest"])
            again = (await post(client, {"session": name, "target": []}))["forecasts"][0]
            np.testing.assert_allclose(again["mean"], was["mean"], atol=1e-3)
            first, last = was["count"], was["count"] + 2
            # The retry of what the earlier release read, and what is new.
            one = (await post(client, series(name, was["number"], first - 1, last)))["forecasts"][0]
            assert (one["session"]["applied"], one["session"]["duplicates"]) == (2, 1)
            whole = (await post(client, series(f"{name} whole", was["number"], 0, last)))["forecasts"][0]
            np.testing.assert_allclose(one["mean"], whole["mean"], atol=1e-2)

    async def inside() -> None:
        async with serving(there) as (client, _):
            await scene(client)

    asyncio.run(inside())


def test_the_schema_of_the_file(models: Path, tmp_path: Path) -> None:
    """One that a later release wrote is refused, with what to do."""
    path = tmp_path / "later.tar"
    path.write_bytes(member_bytes(FIRST, json.dumps({"format": "statecast-savepoint", "schema": 99}).encode()))
    with pytest.raises(SavepointError, match="expected schema 1, got 99; import it with the release that wrote it"):
        restore(store_at(models, f"sqlite:///{tmp_path}/s.db"), path)


def test_the_artifact_and_with_it_the_schema_of_the_state(models: Path, home: Home, tmp_path: Path) -> None:
    """A state is made of its weights; under others it would be noise. Nothing is written then."""
    tiny_artifact(tmp_path, "tiny", seed=7)
    there = store_at(tmp_path, f"sqlite:///{tmp_path}/s.db")
    with pytest.raises(SavepointError, match=r"sessions of letters@1 .*, tiny@1 .*; put these artifacts"):
        restore(there, home[0])
    assert digests(there) == {}


def test_the_secret(models: Path, home: Home, tmp_path: Path) -> None:
    """Who does not have it can neither make sessions up nor change them."""
    there = store_at(models, f"sqlite:///{tmp_path}/s.db", state_secret="another secret of old")
    with pytest.raises(SavepointError, match="another secret"):
        restore(there, home[0])
    data = home[0].read_bytes()
    draw = np.random.default_rng(0)
    ends = [0, 1, 511, 512, 1024, *draw.integers(1024, len(data) - 3000, 8)]
    damaged = [data[:end] for end in ends]
    for place in draw.integers(0, len(data) - 4000, 25):
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(draw.integers(8))
        damaged.append(bytes(flipped))
    blocks = [found.start() for found in re.finditer(rb"[0-9a-f]{64}\.safetensors\0", data)]
    first, second, third = blocks[:3]
    damaged += [data[:first] + data[second:], data[:first] + data[second:third] + data[first:second] + data[third:]]
    here = [json.loads((models / name / "manifest.json").read_text())["digest"] for name in ("tiny-1", "letters-1")]
    passed = 0
    for broken in damaged:
        try:
            check_savepoint(io.BytesIO(broken), SECRET.encode(), here)
            passed += 1
        except SavepointError:
            continue
    assert passed <= 8, "only what fills up the blocks of tar may differ"
    assert SECRET.encode() not in data


def test_the_names_of_keys(models: Path, tmp_path: Path) -> None:
    """Sessions are of the key's name: the key itself may change, its name not."""
    keys = tmp_path / "keys"
    keys.write_text("mine:key-one\nyours:key-two\n")
    here, there = (store_at(models, f"sqlite:///{tmp_path}/{n}.db", api_keys_file=keys) for n in "ab")

    async def opened() -> None:
        async with serving(here) as (client, _):
            for key in ("key-one", "key-two"):
                client.headers["X-API-Key"] = key
                await post(client, series(f"of {key}", 0, 0, 30))

    async def moved() -> None:
        async with serving(there) as (client, _):
            client.headers["X-API-Key"] = "key-three"
            assert (await client.get("/sessions/of key-one")).json()["count"] == 30
            assert (await client.get("/sessions/of key-two")).status_code == 404
            client.headers["X-API-Key"] = "key-two"
            assert (await client.get("/sessions")).json()["sessions"] == []

    asyncio.run(opened())
    assert export(here, tmp_path / "all.tar") == 0
    keys.write_text("mine:key-three\ntheirs:key-two\n")
    assert restore(there, tmp_path / "all.tar") == 0
    asyncio.run(moved())


def row_of(check: Callable[..., None]) -> str:
    return check.__name__.removeprefix("test_").replace("_", " ")


ROWS = (
    test_the_store, test_the_number_of_replicas, test_the_device, test_the_release, test_the_schema_of_the_file,
    test_the_artifact_and_with_it_the_schema_of_the_state, test_the_secret, test_the_names_of_keys,
)  # fmt: skip


def test_every_row_of_the_table_is_tested() -> None:
    """A promise in a document that nothing checks is broken one day."""
    page = (ROOT / "docs" / "howto" / "back-up.md").read_text()
    table = page.partition("| what changes |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+?) \| (?:yes|no|later)", table, re.M)
    assert rows == [row_of(check) for check in ROWS]
