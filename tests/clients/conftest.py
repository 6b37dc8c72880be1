"""One server for the clients that other projects wrote: an hourly model, a family, one that writes text."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import tiny_artifact, tiny_family_artifact, tiny_generator_artifact
from tests.clients.live import live_server


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    tiny_artifact(folder, name="load-hourly", seed=1)
    tiny_family_artifact(folder)
    tiny_generator_artifact(folder)
    (folder / "keys.txt").write_text("me:secret\n")
    return folder


@pytest.fixture(scope="session")
def url(artifacts: Path) -> Iterator[str]:
    """Of a server without keys, whose default model is ``tiny``."""
    with live_server(artifacts, default_model="tiny") as found:
        yield found


@pytest.fixture(scope="session")
def guarded(artifacts: Path) -> Iterator[str]:
    """Of a server whose only key is ``secret``."""
    with live_server(artifacts, default_model="tiny", api_keys_file=artifacts / "keys.txt") as found:
        yield found
