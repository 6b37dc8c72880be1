"""The models of this folder's tests, made once."""

from pathlib import Path

import pytest

from tests.builders import tiny_artifact, tiny_generator_artifact


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(made)
    tiny_generator_artifact(made)
    return made
