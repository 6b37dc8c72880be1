"""The official client of the Model Context Protocol against a live server."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service.http_client import serving, settings_of
from tests.service.requests import wave

pytest.importorskip("mcp", reason="mcp is not installed: pip install '.[mcp]'")


@asynccontextmanager
async def connected(url: str, key: str = "") -> AsyncIterator[Any]:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
    ):
        yield client


def run(url: str, flow: Callable[[Any], Awaitable[None]], key: str = "") -> None:
    async def inside() -> None:
        async with connected(url, key) as client:
            await flow(client)

    asyncio.run(inside())


def test_tools_are_listed_and_forecast_is_post_forecast(url: str) -> None:
    async def flow(client: Any) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"forecast", "backtest", "anomalies", "sessions"}
        assert "series" in tools["forecast"].input_schema["properties"] and tools["forecast"].description
        ask = {"series": [{"target": wave(60)}], "horizon": 4}
        found = (await client.call_tool("forecast", ask)).structured_content["forecasts"][0]
        ours = httpx.post(f"{url}/forecast", json=ask).json()["forecasts"][0]
        np.testing.assert_allclose(found["mean"], ours["mean"], rtol=1e-5)
        many = {"series": [{"target": wave(90)}], "horizon": 4, "cutoffs": 3}
        assert "mase" in (await client.call_tool("backtest", many)).structured_content["metrics"]
        odd = {"series": [{"target": [*wave(50), 500.0]}]}
        assert (await client.call_tool("anomalies", odd)).structured_content["results"][0]

    run(url, flow)


def test_sessions_are_the_caller_s_and_go_on(guarded: str) -> None:
    async def flow(client: Any) -> None:
        for part in (wave(48)[:40], wave(48)[40:]):
            answer = await client.call_tool("forecast", {"series": [{"target": part, "session": "agent-7"}]})
            assert not answer.is_error, answer
        shown = (await client.call_tool("sessions", {"id": "agent-7"})).structured_content
        assert shown["count"] == 48
        page = (await client.call_tool("sessions", {"prefix": "agent-"})).structured_content
        assert [one["id"] for one in page["sessions"]] == ["agent-7"]

    run(guarded, flow, "secret")


def test_what_is_wrong_with_arguments_reaches_the_model_that_wrote_them(url: str) -> None:
    """An agent mends what it can read; a bare protocol error ends its turn."""

    async def flow(client: Any) -> None:
        wrong = await client.call_tool("forecast", {"series": [{"target": wave(9)}], "horizn": 3})
        assert wrong.is_error and "did you mean 'horizon'" in wrong.content[0].text
        nobody = await client.call_tool("sessions", {"id": "nobody"})
        assert nobody.is_error and nobody.structured_content["code"] == "unknown_session"
        assert (await client.call_tool("sessions", {"limit": 0})).is_error
        assert "expected one of forecast" in (await client.call_tool("translate", {})).content[0].text

    run(url, flow)


def test_without_a_key_nothing_is_called(guarded: str) -> None:
    answer = httpx.post(f"{guarded}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert answer.status_code == 401 and answer.json()["error"]["data"]["code"] == "no_api_key"


def test_without_the_package_the_path_says_what_to_install(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not start for want of an extra costs everybody the rest of it."""
    monkeypatch.setitem(sys.modules, "mcp", None)

    async def inside() -> None:
        async with serving(settings_of(artifacts, protocols="mcp")) as (client, _):
            answer = await client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
            assert answer.status_code == 404 and "pip install 'statecast[mcp]'" in answer.json()["error"]["message"]

    asyncio.run(inside())
