"""Sweeps on a real panel: the same study from the same seed, resumed without trying twice, refusals by name."""

import pytest
from typer.testing import CliRunner

from statecast.errors import ConfigError
from tests.training.conftest import LONG_TABLE, long_table
from training.cli.main import app
from training.config import FitConfig
from training.selection.sweep_config import Range, read_sweep

SWEEP = (
    LONG_TABLE
    + """[training]
steps = 8
batch = 4
forks = 10
warm = 2
validation_every = 4
[sweep]
sampler = "{sampler}"
trials = {trials}
[sweep.network]
width = [4, 8]
resolutions = [[1], [1, 4]]
{more}
"""
)


def run(*arguments):
    return CliRunner().invoke(app, ["sweep", *(str(argument) for argument in arguments)])


@pytest.fixture
def folder(tmp_path):
    long_table((300, 240)).to_csv(tmp_path / "data.csv", index=False)
    return tmp_path


def write(folder, sampler="tpe", trials=3, more=""):
    path = folder / "sweep.toml"
    path.write_text(SWEEP.format(sampler=sampler, trials=trials, more=more))
    return path


def test_a_study_is_resumed_and_its_best_config_fits(folder):
    """An interrupted search that begins anew wastes a night; one whose result `fit` refuses, all of it."""
    config = write(folder, trials=2, more="[sweep.training]\nlearning_rate = {from = 1e-3, to = 1e-2, log = true}\n")
    out = folder / "study"
    first = run(config, "--data", folder / "data.csv", "--out", out)
    assert first.exit_code == 0, first.output
    again = run(config, "--data", folder / "data.csv", "--out", out)
    assert again.exit_code != 0 and "--resume" in again.output
    more = run(config, "--data", folder / "data.csv", "--out", out, "--trials", 4, "--resume")
    assert more.exit_code == 0 and "trial 3 of 4" in more.output and "trial 1 of 4" not in more.output
    assert "best of 4" in more.output
    best = FitConfig.read(out / "best.toml")
    assert best.network["width"] in (4, 8) and 1e-3 <= best.training.learning_rate <= 1e-2
    page = (out / "sweep.html").read_text()
    assert "network.width" in page and "training.learning_rate" in page


def test_a_grid_tries_everything_once(folder):
    """A grid that repeats itself leaves settings untried."""
    config = write(folder, "grid", 9)
    result = run(config, "--data", folder / "data.csv", "--out", folder / "grid")
    assert result.exit_code == 0, result.output
    assert "best of 4" in result.output


def test_the_same_seed_tries_the_same(folder):
    config = write(folder, "random", 2, "[sweep.training]\nlearning_rate = {from = 1e-3, to = 1e-2}\n")
    outs = [folder / name for name in ("a", "b")]
    for out in outs:
        assert run(config, "--data", folder / "data.csv", "--out", out).exit_code == 0
    assert (outs[0] / "best.toml").read_text() == (outs[1] / "best.toml").read_text()


@pytest.mark.parametrize(
    ("sampler", "more", "said"),
    [
        ("best", "", "sampler"),
        ("tpe", "colour = [1, 2]", "colour"),
        ("tpe", "dropout = {from = 0.4, to = 0.1}", "from below to"),
        ("grid", "dropout = {from = 0.1, to = 0.4}", "grid"),
        ("tpe", "dropout = 0.3", "list of values"),
        ("tpe", "[sweep.data]\nfreq = [1, 2]", "data"),
    ],
)
def test_wrong_spaces_are_refused_by_name(folder, sampler, more, said):
    """Before any trial: a typing error found after the tenth trial has cost nine."""
    with pytest.raises(ConfigError, match=said):
        read_sweep(write(folder, sampler, 2, more))


def test_without_a_config_there_is_a_space():
    _, sweep = read_sweep(None)
    assert isinstance(sweep.space["training", "learning_rate"], Range)
