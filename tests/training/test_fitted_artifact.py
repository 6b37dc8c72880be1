"""Every kind of fit refuses a name that no artifact may have before it trains, not after hours of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from statecast.errors import ArtifactError
from tests.training.classification.labelled import reviews, small_config
from tests.training.edge.test_distillation import SHORT, teacher
from tests.training.speech.tones import read_tones, tones_config
from tests.training.text.corpora import RHYME, fit_config
from training.classification.pipeline import fit_classifier
from training.edge.distillation.pipeline import distill
from training.progress import Silent
from training.speech.pipeline import fit_speech
from training.text.pipeline import fit_text


class Began(Silent):
    """Notices that training began."""

    def begin(self, total: int, done: int = 0) -> None:
        pytest.fail("training began")


def _classifier(out: Path, name: str) -> None:
    fit_classifier(reviews(60), small_config(training={"epochs": 1}), out, name=name, watcher=Began())


def _speech(out: Path, name: str) -> None:
    fit_speech(read_tones(out.parent), tones_config(training={"steps": 1}), out, name=name, watcher=Began())


def _text(out: Path, name: str) -> None:
    fit_text(RHYME, fit_config(training={"epochs": 1}), out, name=name, watcher=Began())


def _distilled(out: Path, name: str) -> None:
    distill(teacher(), SHORT, out, name=name, taught_by="sha256:0", watcher=Began())


@pytest.mark.parametrize("fit", [_classifier, _speech, _text, _distilled])
def test_a_name_that_cannot_be_is_refused_first(tmp_path: Path, fit: Callable[[Path, str], None]) -> None:
    with pytest.raises(ArtifactError, match="name: expected 1 to 200"):
        fit(tmp_path / "out", "digits@2")
