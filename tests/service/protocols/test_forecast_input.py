"""Whatever is wrong with a request: its status, its code, a detail that helps, a live server, unchanged sessions."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx
import pytest
import zstandard

from service.deadline import Deadline
from service.errors import TooLarge
from service.protocols.forecast.body import decode_now
from service.protocols.forecast.schemas import FORECAST
from service.settings import Settings
from statecast.inputs.covariates import Covariate
from tests.builders import tiny_artifact
from tests.service.http_client import serving, settings_of

START = "2026-01-01T00:00:00Z"
LONG = list(range(48))
Post = Callable[..., httpx.Response]


class Case(NamedTuple):
    """What is sent, and what must come back: status, code, and words of the detail."""

    body: bytes
    words: tuple[str, ...]
    status: int = 422
    code: str = "invalid_request"
    headers: Mapping[str, str] = MappingProxyType({})


def table() -> dict[str, Case]:
    """Cases of ``bad_bodies.txt``."""
    found = {}
    for line in (Path(__file__).parent / "bad_bodies.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, outcome, words, body = line.split(" | ", 3)
            status, code = outcome.split()
            found[name] = Case(body.encode(), tuple(words.split("; ")), int(status), code)
    return found


def body(**fields: Any) -> bytes:
    return json.dumps({"series": [{"target": [1.0, 2.0, 3.0], **fields}]}).encode()


MADE = {
    "nothing": Case(b"", ("empty body", "send"), 400, "malformed_body"),
    "a number of 400 digits": Case(
        b'{"series": [{"target": [1, 1%s]}]}' % (b"0" * 400), ("target[1]", "float32", "rescale")
    ),
    "ten thousand brackets": Case(b"[" * 10_000, ("expected JSON",), 400, "malformed_body"),
    "ten million values": Case(
        b'{"series": [{"target": [%s0]}]}' % (b"0," * 10_000_000),
        ("at most", "10000000", "fewer"), 413, "too_large",
    ),
    "too many series": Case(
        json.dumps({"series": [{"target": [1]}] * 201}).encode(), ("series", "at most 200", "201"), 413, "too_large"
    ),
    "too long a series": Case(
        body(target=[1.0] * 60_001), ("target", "at most 60000", "60001", "newest"), 413, "too_large"
    ),
    "session with a long name": Case(body(session="x" * 201), ("session", "at most 200", "xxx")),
    "another value": Case(
        body(start=START, target=[*LONG[:-1], -1.0], session="kept"), ("47", "-1"), 409, "conflicting_observation"
    ),
}  # fmt: skip
ARROW, CSV = {"content-type": "application/vnd.apache.arrow.stream"}, {"content-type": "text/csv"}
GOOD = body()
HEADERS = {
    "form": Case(
        GOOD, ("Content-Type", "application/json"), 415, "unknown_content_type",
        {"content-type": "application/x-www-form-urlencoded"},
    ),
    "latin-1": Case(
        GOOD, ("UTF-8", "latin-1"), 415, "unknown_content_type", {"content-type": "application/json; charset=latin-1"}
    ),
    "brotli": Case(
        GOOD, ("Content-Encoding", "gzip", "'br'"), 415, "unknown_content_type", {"content-encoding": "br"}
    ),
    "xml": Case(
        GOOD, ("Accept", "application/xml", "accept one"), 415, "unknown_content_type", {"accept": "application/xml"}
    ),
    "not gzip": Case(
        GOOD, ("expected gzip", "Content-Encoding"), 400, "malformed_body", {"content-encoding": "gzip"}
    ),
    "gzip cut off": Case(
        gzip.compress(GOOD)[:-9], ("cut off", "whole"), 400, "malformed_body", {"content-encoding": "gzip"}
    ),
    "not zstd": Case(
        GOOD, ("expected zstd", "Content-Encoding"), 400, "malformed_body", {"content-encoding": "zstd"}
    ),
    "gzip bomb": Case(
        gzip.compress(bytes(70 * 2**20)), ("67108864", "decompression"), 413, "too_large", {"content-encoding": "gzip"}
    ),
    "zstd bomb": Case(
        zstandard.compress(bytes(70 * 2**20)), ("67108864", "decompression"), 413, "too_large",
        {"content-encoding": "zstd"},
    ),
    "declared too long": Case(b"{}", ("67108864", "fewer"), 413, "too_large", {"content-length": "99999999999"}),
    "not UTF-8": Case(b'{"series": "\xff"}', ("UTF-8",), 400, "malformed_body"),
    "not Arrow": Case(GOOD, ("Arrow IPC stream",), 400, "malformed_body", ARROW),
    "ragged CSV": Case(b"item_id,target\na,1,2\n", ("line 2", "expected 2 fields"), 400, "malformed_body", CSV),
    "empty CSV": Case(b"", ("table", "header", "empty"), 400, "malformed_body", CSV),
    "CSV without target": Case(b"item_id,value\na,one\n", ("target", "value", "target_column"), headers=CSV),
    "CSV of texts": Case(b"item_id,target\na,x\n", ("target", "numbers"), headers=CSV),
    "CSV unsorted": Case(
        b"timestamp,target\n2026-01-01T02:00:00Z,1\n2026-01-01T01:00:00Z,2\n",
        ("timestamp[1]", "ascending", "sort"), headers=CSV,
    ),
    "CSV with an unnamed item": Case(b"item_id,target\n,1\n", ("item_id", "every row"), headers=CSV),
}  # fmt: skip
CASES = table() | MADE | HEADERS


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(
        folder,
        past_covariates=(Covariate("wind"),),
        future_covariates=(Covariate("temp"),),
        static_covariates=(Covariate("site", levels=("north", "south")),),
    )
    tiny_artifact(folder, "other", seed=1)
    return folder


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(scope="module")
def post(artifacts: Path, loop: asyncio.AbstractEventLoop) -> Iterator[Post]:
    """Send a body to one app that serves the whole table, and see that it lives and its session stays as it was."""

    async def app() -> AsyncIterator[httpx.AsyncClient]:
        limits = {"max_series": 200, "max_history": 60_000, "max_values": 200_000, "default_model": "tiny"}
        async with serving(settings_of(artifacts, **limits)) as (client, _):
            yield client

    running = app()
    client = loop.run_until_complete(anext(running))
    opened = {"series": [{"target": LONG, "start": START, "session": "kept"}]}
    assert loop.run_until_complete(client.post("/forecast", json=opened)).status_code == 200
    kept = loop.run_until_complete(client.get("/sessions/kept")).json()

    def send(content: bytes | AsyncIterator[bytes], **options: Any) -> httpx.Response:
        options["headers"] = {"content-type": "application/json", **options.get("headers", {})}
        answer = loop.run_until_complete(client.post("/forecast", content=content, **options))
        assert loop.run_until_complete(client.get("/live")).status_code == 200
        assert loop.run_until_complete(client.get("/sessions/kept")).json() == kept
        return answer

    yield send
    with pytest.raises(StopAsyncIteration):
        loop.run_until_complete(anext(running))


def check(answer: httpx.Response, case: Case) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (case.status, case.code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    assert problem["status"] == case.status and problem["request_id"] == answer.headers["x-request-id"]
    for word in case.words:
        assert word in problem["detail"], (word, problem["detail"])
    return problem


def test_the_table_is_long() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize("name", CASES)
def test_refused(post: Post, name: str) -> None:
    case = CASES[name]
    check(post(case.body, headers=case.headers), case)


@pytest.mark.parametrize(
    "query", ["horizon=x", "horizon=0", "horizn=3", "horizon=1&horizon=2", "missing=drop", "freq=soon"]
)
def test_refused_in_the_query(post: Post, query: str) -> None:
    check(post(GOOD, params=query), Case(b"", (query.partition("=")[0], "expected")))


def test_a_streamed_body_is_refused_as_soon_as_it_passes_the_limit(post: Post) -> None:
    """A server that first collects what it will refuse can be filled from outside."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 2**20
            yield bytes(2**20)

    check(post(endless()), Case(b"", ("67108864",), 413, "too_large"))
    assert sent <= 66 * 2**20


def test_faults_are_collected(post: Post) -> None:
    problem = check(post(body(target=[1, "x", 2], start="never", item_id=3)), Case(b"", ("more, see errors",)))
    assert [fault["loc"] for fault in problem["errors"]] == [
        ["series", 0, "item_id"],
        ["series", 0, "target", 1],
        ["series", 0, "start"],
    ]


def test_a_body_without_room_to_be_read_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of 2 GB, tables of 64 MB met their ``MemoryError`` where nobody expected it, and were 500."""

    def no_room(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("service.protocols.forecast.body.decompress", no_room)
    deadline = Deadline(time.monotonic() + 60)
    with pytest.raises(TooLarge):
        decode_now("application/json", b"{}", "", {}, Settings(), deadline, lambda _: None, FORECAST)
