"""A store of somebody else's is one file: registered, held to the contract, and named by its URL alone."""

import asyncio
from collections.abc import Iterator
from importlib import import_module, reload
from pathlib import Path

import numpy as np
import pytest

from service.settings import Settings
from service.stores.interface import Store
from service.stores.registry import open_store, stores
from tests.builders import tiny_artifact
from tests.service.http_client import serving, settings_of
from tests.service.stores.conformance import CHECKS, check_what_is_durable_survives_a_reopening, url_of


@pytest.fixture
def toy() -> Iterator[None]:
    """The toy store is registered, for one test."""
    module = import_module("tests.service.stores.toy_store")
    if "toy" not in stores:
        reload(module)
    yield
    stores.unregister("toy")


@pytest.fixture
def store(toy: None, tmp_path: Path) -> Store:
    return open_store(url_of("toy", tmp_path))


@pytest.mark.parametrize("check", CHECKS)
def test_it_conforms(store: Store, check: str) -> None:
    CHECKS[check](store)


def test_what_it_keeps_survives_a_reopening(store: Store, tmp_path: Path) -> None:
    check_what_is_durable_survives_a_reopening(store, lambda: open_store(url_of("toy", tmp_path)))


def test_a_session_lives_in_it(toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set by its variable as any other store; the session goes on after a restart."""
    tiny_artifact(tmp_path)
    monkeypatch.setenv("STATECAST_STATE_URL", f"toy://{tmp_path}")
    url = Settings().state_url
    values = [float(v) for v in 50 + 5 * np.sin(np.arange(60) / 4)]

    async def ask(target: list[float]) -> dict[str, object]:
        async with serving(settings_of(tmp_path, state_url=url)) as (client, _):
            answer = await client.post("/forecast", json={"series": [{"target": target, "session": "s"}]})
            assert answer.status_code == 200, answer.text
            forecast: dict[str, object] = answer.json()["forecasts"][0]
            return forecast

    first = asyncio.run(ask(values))
    again = asyncio.run(ask([]))
    assert first["session"]["count"] == again["session"]["count"] == 60 and first["mean"] == again["mean"]
