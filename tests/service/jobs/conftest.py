"""The models of this folder's tests, made once."""

from pathlib import Path

import pytest

from tests.builders import tiny_artifact, tiny_family_artifact


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A family named default and a forecaster named tiny."""
    path = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(path)
    tiny_artifact(path)
    return path


@pytest.fixture
def folder(models: Path, tmp_path: Path) -> Path:
    """A folder of a test's own with these models."""
    for path in models.iterdir():
        (tmp_path / path.name).symlink_to(path)
    return tmp_path
