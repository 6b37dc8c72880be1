"""What cannot be exported is refused by name, and nothing that fails its check is left in the folder."""

import numpy as np
import pytest
from typer.testing import CliRunner

from statecast.inputs.covariates import Covariate
from tests.builders import tiny_ensemble, tiny_family_artifact, tiny_generator_artifact, tiny_network
from tests.training.edge.conftest import covered_network
from training.cli.main import app
from training.edge.export import pipeline
from training.edge.export.pipeline import export
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cell": "lstm"}, "cell 'lstm'"),
        ({"bidirectional": True}, "bidirectional encoder"),
        ({"resolutions": (1, 6)}, "resolutions 6h"),
        ({"adaptation": 0.01}, r"adaptation"),
        ({"calendar": ("day", "week")}, "calendar features day, week"),
        ({"decoder": "recurrent"}, "decoder 'recurrent'"),
        ({"shared_lookback": True}, "shared linear look-back"),
        ({"memory": 2}, "attention over time"),
        ({"feature_attention": True, "past_covariates": (Covariate("wind"),)}, "attention over features"),
        ({"asinh_unit": 1.0}, "asinh_unit"),
        ({"past_covariates": (Covariate("wind"),)}, "covariates wind"),
        ({"future_covariates": (Covariate("holiday"),)}, "covariates holiday"),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("form", ["onnx", "c"])
def test_what_is_not_covered_is_named(saved, tmp_path, changes, named, form) -> None:
    """A device that computes all but one part of a network forecasts nonsense that looks like a forecast."""
    with pytest.raises(TrainingError, match=named):
        export(saved(covered_network(**changes)), form, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_ensembles_families_and_generators_are_named(saved, tmp_path) -> None:
    import statecast

    with pytest.raises(TrainingError, match="2 members"):
        export(saved(tiny_ensemble()), "c", tmp_path / "out")
    tiny_family_artifact(tmp_path)
    family = statecast.load(tmp_path / "default-1")
    with pytest.raises(TrainingError, match="--season"):
        export(family, "c", tmp_path / "out")
    with pytest.raises(TrainingError, match="adaptation"):
        export(family, "c", tmp_path / "out", season=24)
    tiny_generator_artifact(tmp_path)
    with pytest.raises(TrainingError, match="generator"):
        export(statecast.load(tmp_path / "letters-1"), "c", tmp_path / "out")
    with pytest.raises(TrainingError, match="no family"):
        export(saved(covered_network()), "c", tmp_path / "out", season=4)


def test_an_export_that_differs_leaves_nothing_and_spares_what_was_there(saved, tmp_path, monkeypatch) -> None:
    """The last good export stays on the disk until a better one has passed."""
    artifact, out = saved(covered_network()), tmp_path / "out"
    out.mkdir()
    (out / "model.h").write_text("the last good one")
    monkeypatch.setattr(pipeline, "SAME_WEIGHTS", 0.0)
    with pytest.raises(TrainingError, match="nothing was written"):
        export(artifact, "c", out)
    assert [path.name for path in out.iterdir()] == ["model.h"]
    assert (out / "model.h").read_text() == "the last good one"


def test_the_command_says_what_is_wrong_in_one_line(saved, tmp_path) -> None:
    saved(tiny_network(), "whole")
    ran = CliRunner().invoke(app, ["export", str(tmp_path / "whole"), "--format", "c", "--out", str(tmp_path / "out")])
    assert ran.exit_code == 2
    ran = CliRunner().invoke(app, ["export", str(tmp_path / "whole"), "--format", "tflite", "--out", str(tmp_path)])
    assert ran.exit_code == 2


def test_rounding_that_loses_too_much_is_refused(saved, tmp_path, monkeypatch) -> None:
    """Weights of unlike size in one row round badly; a forecast that is far off must not reach a device."""
    monkeypatch.setattr(pipeline, "ROUNDED", 1e-9)
    with pytest.raises(TrainingError, match="int8 weights"):
        export(saved(covered_network()), "c", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_no_difference_is_a_number() -> None:
    """NaN is not small."""
    with pytest.raises(TrainingError):
        pipeline.check("a", float(np.nan), 1.0)
