"""Every registered store is held to the same contract; without it a session's life depends on where it is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.stores.interface import Store
from service.stores.registry import open_store, stores
from tests.service.stores.conformance import CHECKS, check_what_is_durable_survives_a_reopening, url_of


@pytest.fixture(params=stores.names())
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return url_of(request.param, tmp_path)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.mark.parametrize("check", CHECKS)
def test_store_conforms(store: Store, check: str) -> None:
    CHECKS[check](store)


def test_what_is_durable_survives_a_reopening(url: str) -> None:
    check_what_is_durable_survives_a_reopening(open_store(url), lambda: open_store(url))
