"""Whatever is wrong with a request for text or paths: its status, its code, a detail that helps, a live server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.builders import tiny_artifact, tiny_generator_artifact
from tests.service.http_client import serving, settings_of


class Case(NamedTuple):
    """What is sent, and what must come back: status, code, and words of the detail."""

    body: Any
    words: tuple[str, ...]
    status: int = 422
    code: str = "invalid_request"


def text(**fields: Any) -> dict[str, Any]:
    return {"model": "letters", "prompt": "a", **fields}


def paths(**fields: Any) -> dict[str, Any]:
    return {"series": [{"target": [1.0, 2.0, 3.0]}], "model": "tiny", **fields}


CASES = {
    "nothing asked": Case({}, ("prompt", "prompt, for text, or series, for paths", "neither")),
    "both asked": Case(paths(prompt="a"), ("prompt", "either", "leave one out")),
    "empty prompt": Case(text(prompt=""), ("prompt", "not empty"), 422, "empty_prompt"),
    "empty prompt of no session": Case(text(prompt="", session="no"), ("'no'", "prompt"), 404, "unknown_session"),
    "ten megabytes": Case(text(prompt="a" * 10**7), ("prompt", "200000", "STATECAST_MAX_PROMPT"), 413, "too_large"),
    "prompt is a list": Case(text(prompt=["a"]), ("prompt", "a text", "a list")),
    "lone surrogate": Case(b'{"model": "letters", "prompt": "ab\\ud800"}', ("prompt", "lone surrogate", "position 2")),
    "lone surrogate in a stop": Case(b'{"prompt": "a", "stop": ["b", "\\udc00"]}', ("stop[1]", "lone surrogate")),
    "bytes of a surrogate": Case(b'{"prompt": "\xed\xa0\x80"}', ("UTF-8",), 400, "malformed_body"),
    "cut off": Case(b'{"prompt": "a', ("cut off",), 400, "malformed_body"),
    "a list": Case([1], ("object", "a list"), 400, "malformed_body"),
    "NaN": Case(b'{"prompt": "a", "temperature": NaN}', ("NaN",), 400, "malformed_body"),
    "unknown field": Case(text(max_token=3), ("max_token", "did you mean 'max_tokens'")),
    "empty stop": Case(text(stop=["", "b"]), ("stop[0]", "1 to 200", "leave")),
    "stop is a number": Case(text(stop=3), ("stop", "a text or a list", "3")),
    "too many stops": Case(text(stop=["a"] * 17), ("stop", "at most 16", "17")),
    "top_p 0": Case(text(top_p=0), ("top_p", "above 0", "0")),
    "top_p 2": Case(text(top_p=2), ("top_p", "up to 1", "2")),
    "top_k below 0": Case(text(top_k=-1), ("top_k", "whole number from 0", "-1")),
    "temperature below 0": Case(text(temperature=-1), ("temperature", "0 to 10", "-1")),
    "temperature is a text": Case(text(temperature="hot"), ("temperature", "a number", "'hot'")),
    "seed below 0": Case(text(seed=-1), ("seed", "from 0", "-1")),
    "no tokens": Case(text(max_tokens=0), ("max_tokens", "from 1", "0")),
    "too many tokens": Case(text(max_tokens=10_000, n=2), ("max_tokens", "16384", "MAX_TOKENS"), 413, "too_large"),
    "too many texts": Case(text(n=257, max_tokens=1), ("n:", "256", "GENERATION_ROWS"), 413, "too_large"),
    "several texts of a session": Case(text(n=2, session="s"), ("n:", "beside session", "2")),
    "stream is a number": Case(text(stream=1), ("stream", "true or false", "1")),
    "session with a slash": Case(text(session="a/b"), ("session", "slash")),
    "unknown model": Case(text(model="none"), ("letters@1, tiny@1", "'none'"), 404, "unknown_model"),
    "text of a series model": Case(text(model="tiny"), ("letters@1", "tiny@1", "forecasts series"), 422, "wrong_kind"),
    "paths of a text model": Case(paths(model="letters"), ("tiny@1", "letters@1", "writes text"), 422, "wrong_kind"),
    "session of a series": Case(text(session="series"), ("holds a series", "another id"), 409, "session_mismatch"),
    "session of a text": Case(
        paths(series=[{"target": [], "session": "text"}]), ("holds a text", "another id"), 409, "session_mismatch"
    ),
    "no such session": Case(paths(series=[{"target": [], "session": "no"}]), ("'no'",), 404, "unknown_session"),
    "too many paths": Case(
        paths(num_samples=10_000, horizon=500), ("2000000", "MAX_PATH_VALUES", "10000 times 500"), 413, "too_large"
    ),
    "too far for so many series": Case(
        paths(series=[{"target": [1.0]}] * 400, num_samples=1, horizon=10_000), ("MAX_PATH_VALUES",), 413, "too_large"
    ),
    "too many quantiles": Case(
        paths(series=[{"target": [1.0]}] * 5000, num_samples=1, horizon=20,
              quantile_levels=[0.1 + n / 200 for n in range(100)]), ("MAX_REPLY_VALUES",), 413, "too_large"
    ),
    "too many paths of a series": Case(
        paths(num_samples=100_001, horizon=1), ("num_samples", "MAX_SAMPLES", "100001"), 413, "too_large"
    ),
    "horizon without end": Case(paths(num_samples=1, horizon=10_001), ("horizon", "10000", "10001"), 413, "too_large"),
    "no samples": Case(paths(num_samples=0), ("num_samples", "from 1", "0")),
    "a text's field for paths": Case(paths(max_tokens=3), ("max_tokens", "known")),
    "nothing returned": Case({**paths(), "return": []}, ("return", "samples, quantiles")),
    "something else returned": Case({**paths(), "return": ["mean"]}, ("return[0]", "samples, quantiles", "'mean'")),
    "a level of 1": Case(paths(quantile_levels=[1.0]), ("quantile_levels[0]", "(0, 1)")),
    "a level beyond": Case(paths(quantile_levels=[0.995]), ("0.995", "0.01 to 0.99"), 422, "level_out_of_range"),
    "series of nothing": Case(paths(series=[{"target": []}]), ("target", "at least one value")),
    "lists within lists": Case(paths(series=[{"target": [[1], [2]]}]), ("target[0]", "number")),
}  # fmt: skip
ONLY_HERE = {"stop is a number", "top_p 2", "temperature below 0", "unknown model", "too many tokens", "empty prompt"}
OPENAI = {name: CASES[name] for name in sorted(ONLY_HERE)} | {
    "echo": Case(text(echo=True), ("echo", "not supported", "remove it")),
    "logprobs": Case(text(logprobs=3), ("logprobs", "not supported", "3")),
    "penalty": Case(text(presence_penalty=0.5), ("presence_penalty", "not supported")),
    "bias": Case(text(logit_bias={"5": 1}), ("logit_bias", "an object")),
    "best of several": Case(text(best_of=3), ("best_of", "n (1)")),
    "several prompts": Case(text(prompt=["a", "b"]), ("prompt", "one text", "several requests")),
    "tokens for a prompt": Case(text(prompt=[1]), ("prompt", "one text")),
    "unknown field": Case(text(reasoning="high"), ("reasoning", "known")),
}


@pytest.fixture(scope="module")
def runner() -> Any:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def client(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    tiny_generator_artifact(folder)

    async def open_client() -> AsyncIterator[httpx.AsyncClient]:
        async with serving(settings_of(folder)) as (client, _):
            series = {"target": [1.0, 2.0], "session": "series"}
            assert (await client.post("/forecast", json={"series": [series]})).status_code == 200
            assert (await client.post("/generate", json=text(session="text"))).status_code == 200
            yield client

    opened = open_client()
    yield runner.run(anext(opened))  # type: ignore[arg-type]
    runner.run(anext(opened, None))  # type: ignore[arg-type]


def send(runner: asyncio.Runner, client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return runner.run(client.post(path, content=content, headers={"content-type": "application/json"}))


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_words_that_help(name: str, runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
    case = CASES[name]
    answer = send(runner, client, "/generate", case.body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (case.status, case.code), told
    assert all(word in told["detail"] for word in case.words), told["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert runner.run(client.get("/ready")).status_code == 200


@pytest.mark.parametrize("name", OPENAI)
def test_completions_refuse_in_their_own_shape(name: str, runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
    case = OPENAI[name]
    answer = send(runner, client, "/v1/completions", case.body)
    told = answer.json()["error"]
    assert answer.status_code == (400 if case.status == 422 else case.status), told
    assert (told["code"], told["type"]) == (case.code, "invalid_request_error")
    assert all(word in told["message"] for word in case.words), told["message"]


def test_tables_are_for_forecasts(runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
    answer = runner.run(client.post("/generate", content=b"target\n1\n", headers={"content-type": "text/csv"}))
    assert (answer.status_code, answer.json()["code"]) == (415, "unknown_content_type")
    answer = runner.run(client.get("/generate"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
