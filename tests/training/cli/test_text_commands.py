"""The commands on a text file: fit, resume, backtest, the example, refusals in one line."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import statecast
from tests.training.text.corpora import RHYME, fit_config
from training.cli.fit import kind_of
from training.cli.main import app
from training.config import FitConfig
from training.pretraining.config import read_config
from training.text.config import TextFitConfig
from training.text.docstrings import read_docstrings
from training.toml import read_toml

CONFIGS = Path(__file__).parents[3] / "configs"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rhyme.txt").write_text(RHYME)
    (tmp_path / "tiny.toml").write_text(fit_config().to_toml())
    return tmp_path


def rows_in(text):
    return re.findall(r"│ (statecast|kneser_ney_\d)[ │]+([\d.]+)[ │]+([\d.]+)[ │]+([\d.]+)", text)


def test_fit_and_backtest_print_the_same_table(folder):
    result = run("fit", folder / "tiny.toml", "--data", folder / "rhyme.txt", "--out", folder / "rhyme")
    assert result.exit_code == 0, result.output
    assert re.search(r"perplexity [\d.]+  [\d,]+ symbols/s, validation", result.output)
    assert [row[0] for row in rows_in(result.output)] == ["statecast", "kneser_ney_1", "kneser_ney_2"]
    artifact = statecast.load(folder / "rhyme")
    assert (artifact.name, artifact.kind) == ("rhyme", "generator")
    assert not list((folder / "rhyme").glob("checkpoint*"))
    again = run("backtest", folder / "rhyme", "--data", folder / "rhyme.txt")
    assert rows_in(again.output) == rows_in(result.output)
    refused = run("backtest", folder / "rhyme", "--data", folder / "rhyme.txt", "--freq", "1h")
    assert refused.exit_code == 2 and "--freq: not supported for a text" in refused.stderr
    written = TextFitConfig.read(folder / "rhyme" / "fit.toml")
    assert written.training == fit_config().training


def test_options_replace_what_the_config_says(folder):
    result = run(
        "fit", folder / "tiny.toml", "--data", folder / "rhyme.txt", "--out", folder / "out",
        "--epochs", 1, "--seed", 5, "--name", "other", "--version", "2",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    artifact = statecast.load(folder / "out")
    assert (artifact.name, artifact.version, artifact.manifest["seeds"]) == ("other", "2", [5])
    assert artifact.manifest["training"]["costs"]["epochs"] == 1


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (("--horizon", "3"), "--horizon"),
        (("--steps", "3"), "--steps"),
        (("--past", "wind"), "--past"),
        (("--id-column", "name"), "--id-column"),
        (("--from", "artifacts/default"), "--from"),
        (("--resume",), "no checkpoint"),
        (("--data", "absent.txt"), "absent.txt"),
    ],
)
def test_what_means_nothing_to_a_text_is_refused(folder, extra, message):
    result = run("fit", folder / "tiny.toml", "--data", folder / "rhyme.txt", "--out", folder / "out", *extra)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.name)
def test_the_configs_that_come_along_can_be_read(path):
    if "[pretrain]" in path.read_text():
        read_config(path)
    else:
        kind = kind_of(read_toml(path))
        (kind.config if kind else FitConfig).read(path)


def test_epochs_mean_nothing_to_a_table(folder):
    result = run("fit", "--data", folder / "rhyme.txt", "--out", folder / "out", "--epochs", 2)
    assert result.exit_code == 2
    assert "--steps" in result.stderr


def test_the_example_writes_on_and_is_small(tmp_path):
    result = run("example-text", "--out", tmp_path / "docs-text", "--epochs", 1, "--characters", 20_000)
    assert result.exit_code == 0, result.output
    size = sum(file.stat().st_size for file in (tmp_path / "docs-text").iterdir())
    assert size <= 4_000_000
    artifact = statecast.load(tmp_path / "docs-text")
    assert artifact.name == "docs-text"
    assert artifact.generate(read_docstrings(40), max_tokens=20, seed=1)
