"""Models of each kind that sessions are streamed on."""

from pathlib import Path

import pytest

from tests.builders import tiny_artifact, tiny_family_artifact


@pytest.fixture(scope="module", params=["own season", "family", "calendar"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    if request.param == "family":
        tiny_family_artifact(path)
    elif request.param == "calendar":
        tiny_artifact(path, calendar=("day", "week"))
    else:
        tiny_artifact(path, calendar=())
    return path
