"""A client goes through what networks and busy servers do: it tries again, and what arrived twice counts once.

Without this each program that talks to a server would have its own loop around each call, and most would have none.
"""

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

from statecast.client import (
    AsyncClient,
    Client,
    ConflictError,
    InvalidRequestError,
    OverloadError,
    ProblemError,
    Retries,
    ServerError,
    UnreachableError,
)
from statecast.errors import InputError
from tests.statecast.client.scripted_server import Answer, Scripted, scripted

QUICK = Retries(most=3, first_s=0.001)
BUSY: Answer = (429, {"Retry-After": "0"}, {"status": 429, "detail": "busy", "code": "queue_full"})
DONE: Answer = (200, {}, {"id": "fc_1"})


def send(script: Scripted, kind: str, **options: Any) -> Any:
    """Post to a scripted server by either client."""
    options = {"retries": QUICK, **options}
    if kind == "sync":
        with Client(script.url, **options) as client:
            return client.post("/forecast", {"series": [{"target": [1.0]}]})

    async def scene() -> Any:
        async with AsyncClient(script.url, **options) as client:
            return await client.post("/forecast", {"series": [{"target": [1.0]}]})

    return asyncio.run(scene())


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_passes_is_sent_again_under_the_same_key(kind: str) -> None:
    """Otherwise an observation whose answer was lost would be read twice."""
    lost, proxy = (0, {}, None), (502, {"Content-Type": "text/html"}, None)
    with scripted(BUSY, lost, proxy, DONE) as script:
        assert send(script, kind, api_key="secret") == {"id": "fc_1"}
    assert len(script.seen) == 4 and not script.answers
    assert len({(headers["idempotency-key"], body) for _, _, headers, body in script.seen}) == 1
    assert {headers["authorization"] for _, _, headers, _ in script.seen} == {"Bearer secret"}


def test_closing_ends_the_wait_for_the_next_try() -> None:
    """A program that is to end would else hang for as long as a busy server says."""
    with scripted((429, {"Retry-After": "3600"}, BUSY[2])) as script:
        client = Client(script.url, retries=Retries(most=3, first_s=0.001, longest_s=3600))
        threading.Timer(0.2, client.close).start()
        with pytest.raises(OverloadError):
            client.post("/forecast", {"series": []})


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_does_not_pass_is_raised_at_once(kind: str) -> None:
    problem = {
        "status": 422, "detail": "horizon: expected at most 96, got 900; ask for less", "code": "horizon_too_long",
        "errors": [{"loc": ["horizon"], "msg": "expected at most 96"}], "request_id": "r-7",
    }  # fmt: skip
    with scripted((422, {}, problem)) as script, pytest.raises(InputError, match="ask for less") as caught:
        send(script, kind)
    error = caught.value
    assert isinstance(error, InvalidRequestError) and (error.status, error.code) == (422, "horizon_too_long")
    assert error.errors[0]["loc"] == ["horizon"] and error.request_id == "r-7" and len(script.seen) == 1
    for status, wanted in ((409, ConflictError), (500, ServerError), (405, ProblemError)):
        with scripted((status, {}, None)) as script, pytest.raises(wanted, match=str(status)):
            send(script, kind)


def test_a_server_that_stays_busy_is_given_up() -> None:
    with scripted(BUSY, BUSY, BUSY, BUSY) as script, pytest.raises(OverloadError, match="busy") as caught:
        send(script, "sync")
    assert caught.value.retry_after_s == 0 and len(script.seen) == 4
    slow = (503, {"Retry-After": "3600"}, {"detail": "loading"})
    with scripted(slow) as script, pytest.raises(OverloadError, match="loading"):
        send(script, "sync")
    with scripted(BUSY) as script, pytest.raises(OverloadError):
        send(script, "sync", retries=Retries(most=0))


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(UnreachableError, match=r"http://127.0.0.1:1/live: no answer after 2 tries"):
        Client("http://127.0.0.1:1", retries=Retries(most=1, first_s=0.001)).get("/live")
    with pytest.raises(UnreachableError, match="UnsupportedProtocol"):
        Client("ftp://127.0.0.1").get("/live")


def test_keys_can_be_chosen_and_left_out() -> None:
    """Observations with times are idempotent by themselves, and requests without a key go the server's short way."""
    with scripted(DONE, DONE, DONE) as script:
        with Client(script.url) as client:
            client.post("/forecast", {}, idempotency_key="offset-7")
            client.get("/models", prefix="a b")
        with Client(script.url, idempotency_keys=False) as client:
            client.post("/forecast", {})
    (_, _, first, _), (_, path, second, _), (_, _, third, _) = script.seen
    assert first["idempotency-key"] == "offset-7" and path == "/models?prefix=a+b"
    assert "idempotency-key" not in second and "idempotency-key" not in third


def test_values_that_are_none_are_refused_before_anything_is_sent() -> None:
    with Client("http://127.0.0.1:1") as client:
        for wrong in ([1.0, float("inf")], [object()], [1.0, {2.0}]):
            with pytest.raises(InputError, match="expected"):
                client.forecast(wrong)
        with pytest.raises(InputError, match="keep one"):
            client.forecast([1.0], level=80, quantile_levels=[0.1])
        with pytest.raises(InputError, match="percent"):
            client.forecast([1.0], level=[0.8, 100])


def test_the_client_needs_no_torch() -> None:
    """It is to run on machines, and in images, that have no place for it."""
    program = """
import sys
sys.modules["torch"] = None  # whoever imports it fails
import statecast
from statecast import AsyncClient, Client
client = Client("http://127.0.0.1:1", retries=statecast.client.Retries(most=0))
try:
    client.forecast([1.0, 2.0], 3, start="2026-01-31", freq="1mo", level=[80])
except statecast.client.UnreachableError:
    print(sorted({"torch", "safetensors", "numba"} & {name for name, one in sys.modules.items() if one}))
try:
    statecast.load
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "[]"
    assert "statecast.load: needs the package torch; pip install 'statecast[library]'" in done.stdout
