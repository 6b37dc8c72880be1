"""A transcriber that streams and one that reads both ways, other models beside them, and an app that serves them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import tiny_artifact, tiny_classifier_artifact, tiny_transcriber_artifact
from tests.service.http_client import runner


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_transcriber_artifact(folder, "words")
    tiny_transcriber_artifact(folder, "both-ways", bidirectional=True)
    tiny_transcriber_artifact(folder, "wide", sample_rate=16000)
    tiny_classifier_artifact(folder, "reviews")
    tiny_artifact(folder)
    return folder


@pytest.fixture
def run(artifacts: Path) -> Callable[..., None]:
    """Runs a flow against an app of its own."""
    return runner(artifacts)
