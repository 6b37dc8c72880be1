"""Text and paths over HTTP, against real networks: alike alone or together, whole or streamed, at once or in parts."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from service.http.sse import Events, send_events
from service.protocols.generate import schemas as generate_schemas
from service.text.stream import StreamQueue
from tests.builders import tiny_artifact, tiny_generator_artifact
from tests.service.http_client import runner

VALUES = [round(float(50 + 10 * np.sin(step / 2)) + step * 7 % 5, 3) for step in range(60)]
SERIES = {"target": VALUES, "start": "2026-01-01T00:00:00Z", "item_id": "a"}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    tiny_generator_artifact(folder)
    tiny_generator_artifact(folder, "bytes", kind="byte")
    return folder


@pytest.fixture
def run(artifacts: Path) -> Callable[..., None]:
    return runner(artifacts)


async def write(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/generate", json={"model": "letters", "max_tokens": 30, "seed": 7, **body})
    assert answer.status_code == 200, answer.text
    generate_schemas.TextReply.model_validate(answer.json())
    told: dict[str, Any] = answer.json()
    return told


async def draw(client: httpx.AsyncClient, *series: dict[str, Any], **body: Any) -> list[dict[str, Any]]:
    answer = await client.post("/generate", json={"series": series, "seed": 7, **body})
    assert answer.status_code == 200, answer.text
    generate_schemas.PathsReply.model_validate(answer.json())
    paths: list[dict[str, Any]] = answer.json()["paths"]
    return paths


def events(answer: httpx.Response) -> list[tuple[str, int, Any]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-cache", "no")
    found = []
    for block in answer.text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((lines["event"], int(lines["id"]), json.loads(lines["data"])))
    assert [number for _, number, _ in found] == list(range(len(found)))
    return found


def text(told: dict[str, Any], index: int = 0) -> str:
    return str(told["choices"][index]["text"])


def test_a_seed_is_a_text(run: Callable[..., None]) -> None:
    """Alone, beside twenty others, streamed, as one of several, and over a session in three requests."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        alone = await write(client, prompt="once upon a time")
        assert alone["usage"] == {"prompt_tokens": 16, "completion_tokens": 30, "total_tokens": 46}
        others = [write(client, prompt="x" * n + "y", max_tokens=n + 5, seed=n, n=1 + n % 3) for n in range(20)]
        among, *_ = await asyncio.gather(write(client, prompt="once upon a time", n=3), *others)
        assert text(among) == text(alone) != text(among, 1)
        answer = await client.post(
            "/generate",
            json={"model": "letters", "prompt": "once upon a time", "max_tokens": 30, "seed": 7, "stream": True},
        )
        (first, _, head), *steps, (last, _, done) = events(answer)
        assert (first, last, head["seed"]) == ("start", "done", 7)
        assert "".join(data["text"] for _, _, data in steps) == text(alone) == text(done)
        assert len(steps) == 30
        parts = [
            await write(client, prompt=prompt, max_tokens=10, session="s") for prompt in ("once upon a time", "", "")
        ]
        assert "".join(map(text, parts)) == text(alone)
        assert [part["session"]["count"] for part in parts] == [26, 36, 46]
        looked = (await client.get("/sessions/s")).json()
        assert (looked["kind"], looked["count"], looked["digest"]) == ("generator", 46, parts[2]["session"]["digest"])
        assert (await client.delete("/sessions/s")).status_code == 204
        free = await client.post("/generate", json={"model": "letters", "prompt": "a", "max_tokens": 5})
        again = await write(client, prompt="a", max_tokens=5, seed=free.json()["seed"])
        assert text(free.json()) == text(again)
        greedy = [text(await write(client, prompt="ab", temperature=0, seed=seed)) for seed in (1, 2)]
        assert greedy[0] == greedy[1] == text(await write(client, prompt="ab", temperature=3, top_k=1, seed=3))

    run(flow)


def test_a_text_goes_on_after_a_restart(run: Callable[..., None], tmp_path: Path) -> None:
    written: list[str] = []

    async def begin(client: httpx.AsyncClient, app: FastAPI) -> None:
        written.append(text(await write(client, prompt="once")))
        written.append(text(await write(client, prompt="once", max_tokens=11, session="s")))

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        written.append(text(await write(client, prompt="", max_tokens=19, session="s")))
        assert (await client.get("/sessions/s")).json()["kind"] == "generator"

    for flow in (begin, go_on):
        run(flow, state_url=f"sqlite:///{tmp_path}/sessions.db")
    assert written[1] + written[2] == written[0]


def test_stops_unknown_characters_and_bytes(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        whole = text(await write(client, prompt="once"))
        cut = await write(client, prompt="once", stop=["never there", whole[9:12]], session="s")
        assert (text(cut), cut["choices"][0]["finish_reason"]) == (whole[: whole.index(whole[9:12])], "stop")
        # The session holds what its client has seen: going on draws the very tokens that were cut off.
        assert text(await write(client, prompt="", session="s")).startswith(whole[9:12])
        answer = await client.post(
            "/generate",
            json={
                "model": "letters",
                "prompt": "once",
                "max_tokens": 30,
                "seed": 7,
                "stop": whole[9:12],
                "stream": True,
            },
        )
        shown = "".join(data["text"] for name, _, data in events(answer) if name == "step")
        assert shown == text(cut)
        strange = await write(client, prompt="àé one", max_tokens=2)
        assert strange["warnings"] == [
            {
                "code": "unknown_symbols",
                "detail": "2 of 6 chars are not in the model's vocabulary; they read as unknown",
            }
        ]
        for temperature in (0, 1, 10):
            told = await write(client, model="bytes", prompt="時", temperature=temperature, max_tokens=50)
            assert "\ufffd" not in text(told) and not told["warnings"]

    run(flow)


def test_a_full_house_is_429_and_forecasts_go_on(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        long = asyncio.create_task(write(client, prompt="a", max_tokens=2000, n=2))
        runtime = app.state.container.services.forecasts.runtime
        while not runtime.limiters[0].taken:
            await asyncio.sleep(0)
        full = await client.post("/generate", json={"model": "letters", "prompt": "a", "n": 2})
        assert (full.status_code, full.json()["code"], full.headers["retry-after"]) == (429, "queue_full", "1")
        forecast = await client.post("/forecast", json={"series": [SERIES], "model": "tiny"})
        assert forecast.status_code == 200 and not long.done()
        assert (await draw(client, SERIES, num_samples=5))[0]["error"] is None and not long.done()
        await long

    run(flow, generation_rows=3)


def test_paths_say_what_the_forecast_says(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        forecast = (await client.post("/forecast", json={"series": [{**SERIES, "session": "s"}]})).json()["forecasts"][
            0
        ]
        before = (await client.get("/sessions/s")).json()
        (whole,) = await draw(client, SERIES, num_samples=200)
        assert (whole["item_id"], whole["start"], whole["freq"]) == ("a", forecast["start"], "1h")
        assert np.shape(whole["samples"]) == (200, 12)
        spread = np.subtract(forecast["quantiles"]["0.9"], forecast["quantiles"]["0.1"]).mean()
        for level in ("0.1", "0.5", "0.9"):
            np.testing.assert_allclose(whole["quantiles"][level], forecast["quantiles"][level], atol=0.05 * spread)
        (live,) = await draw(client, {"target": [], "session": "s"}, num_samples=200)
        np.testing.assert_allclose(live["samples"], whole["samples"], rtol=1e-4)
        (mean,) = await draw(client, {"target": [], "session": "s"}, temperature=0, num_samples=1, horizon=5)
        np.testing.assert_allclose(mean["samples"][0], forecast["mean"][:5], rtol=1e-5)
        (more,) = await draw(client, {"target": [60.0, 61.0], "session": "s"}, num_samples=3, horizon=30)
        (told,) = await draw(client, {**SERIES, "target": [*VALUES, 60.0, 61.0]}, num_samples=3, horizon=30)
        np.testing.assert_allclose(more["samples"], told["samples"], rtol=1e-3)
        assert more["start"] == "2026-01-03T14:00:00Z"
        assert (await client.get("/sessions/s")).json()["digest"] == before["digest"]
        (new,) = await draw(client, {"target": VALUES, "session": "other"}, num_samples=1)
        assert new["warnings"][0]["code"] == "session_not_opened"
        both = await draw(client, {"target": {"x": VALUES, "y": VALUES}}, {"target": [None]}, SERIES, num_samples=2)
        assert both[0]["samples"]["x"] != both[0]["samples"]["y"] and both[1]["error"]["code"] == "all_missing"
        assert np.shape(both[2]["samples"]) == (2, 12)
        body = {"series": [SERIES, {"target": [None]}], "seed": 7, "num_samples": 200, "stream": True}
        (_, _, head), *steps, (last, _, done) = events(await client.post("/generate", json=body))
        streamed = [data["values"][0] for _, _, data in steps]
        np.testing.assert_allclose(np.transpose(streamed), whole["samples"], rtol=1e-4)
        assert head["seed"] == 7 and last == "done" and "samples" not in done["paths"][0]
        assert done["paths"][0]["quantiles"].keys() == whole["quantiles"].keys() and done["paths"][1]["error"]

    run(flow, default_model="tiny")


def test_silence_is_filled_with_comments() -> None:
    async def flow() -> None:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        box: StreamQueue[int] = StreamQueue()
        assert await box.take(0.001) == []

        async def silent() -> Events:
            yield ()

        await send_events(send, silent(), lambda error: b"", asyncio.get_running_loop().create_future())
        assert sent[1]["body"].startswith(b":") and sent[1]["body"].endswith(b"\n\n")
        box.put(1)
        box.put(2)
        assert await box.take(15) == [1, 2]
        box.put(3)
        asyncio.get_running_loop().call_soon(box.put, 4, True)
        assert await box.take(15, gather_s=15) == [3, 4]  # gathered until something urgent came
        box.leave()
        assert await box.take() == [] and box.left

    asyncio.run(flow())
