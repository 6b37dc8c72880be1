"""Classifiers of texts and of series, other models beside them, and an app that serves them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import tiny_artifact, tiny_classifier_artifact, tiny_generator_artifact
from tests.service.http_client import runner
from tests.service.protocols.classify.scenes import CHANNELS

WORDS = ("a", "bad", "boring", "film", "good", "great", "is", "it", "not", "the", "very", "was")
MOOD: dict[str, Any] = {"labels": ("bad", "good"), "symbols": WORDS}
SENSOR: dict[str, Any] = {"inputs": "values", "symbols": ()}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_classifier_artifact(folder, "mood", **MOOD)
    tiny_classifier_artifact(folder, "both-ways", seed=1, bidirectional=True, layers=2, **MOOD)
    tiny_classifier_artifact(folder, "wrist", seed=2, channels=CHANNELS, labels=("a", "b", "c"), **SENSOR)
    tiny_classifier_artifact(folder, "meter", seed=3, labels=(), kernels=(3,), filters=4, **SENSOR)
    tiny_artifact(folder)
    tiny_generator_artifact(folder)
    return folder


@pytest.fixture
def run(artifacts: Path) -> Callable[..., None]:
    """Runs a flow against an app of its own."""
    return runner(artifacts)
