"""The commands on labelled tables: fit, resume, backtest, and refusals in one line."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import statecast
from tests.training.classification.labelled import reviews, small_config
from training.classification.config import ClassificationFitConfig
from training.cli.classification import LABELLED
from training.cli.fit import kind_of
from training.cli.main import app
from training.toml import read_toml

CONFIGS = Path(__file__).parents[3] / "configs"


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    examples = reviews(120)
    rows = [f"{answer},{text}" for answer, text in zip(examples.answers, examples.inputs, strict=True)]
    (tmp_path / "reviews.csv").write_text("\n".join(["label,text", *rows]) + "\n")
    (tmp_path / "small.toml").write_text(small_config(training={"epochs": 3}).to_toml())
    return tmp_path


def rows_in(text: str) -> list[str]:
    return re.findall(
        r"│ (?:statecast|its recurrent part alone|its n-grams alone|likeliest class|tf-idf, linear)[ │]+[\d. │]+", text
    )


def test_fit_and_backtest_print_the_same_table(folder: Path) -> None:
    """What is printed at the end of a fit is what anybody finds who scores the artifact again."""
    result = run("fit", folder / "small.toml", "--data", folder / "reviews.csv", "--out", folder / "out", "--seed", 4)
    assert result.exit_code == 0, result.output
    assert len(rows_in(result.output)) == 5
    artifact = statecast.load(folder / "out")
    assert (artifact.kind, artifact.manifest["seeds"]) == ("classifier", [4])
    assert not list((folder / "out").glob("checkpoint*"))
    again = run("backtest", folder / "out", "--data", folder / "reviews.csv")
    assert rows_in(again.output) == rows_in(result.output)
    assert ClassificationFitConfig.read(folder / "out" / "fit.toml").training.seed == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--horizon", 3), "--horizon: not supported for a classifier"),
        (("--steps", 3), "--steps: not supported"),
        (("--resume",), "no checkpoint to resume"),
    ],
)
def test_refusals(folder: Path, arguments: tuple[Any, ...], message: str) -> None:
    """An option that is silently left out would be believed."""
    result = run("fit", folder / "small.toml", "--data", folder / "reviews.csv", "--out", folder / "out", *arguments)
    assert result.exit_code == 2 and message in " ".join(result.output.split())


def test_one_class_is_refused_in_one_line(folder: Path) -> None:
    """The commonest mistake, a filtered table, must be named before an hour of training."""
    (folder / "one.csv").write_text("label,text\n" + "1,good film\n1,so good\n1,very good\n1,best\n1,nice\n")
    result = run("fit", folder / "small.toml", "--data", folder / "one.csv", "--out", folder / "out")
    assert result.exit_code == 2
    assert re.search("part: expected at least one|at least two classes", " ".join(result.output.split()))


@pytest.mark.parametrize("name", ["imdb.toml", "series-classes.toml"])
def test_shipped_configs_are_read(name: str) -> None:
    """A config that is shipped and refused is the first thing that a newcomer meets."""
    config = ClassificationFitConfig.read(CONFIGS / name)
    assert kind_of(read_toml(CONFIGS / name)) is LABELLED
    assert ClassificationFitConfig.from_dict(config.to_dict()) == config


def test_unknown_keys_are_refused() -> None:
    """A misspelt key would leave its default in force without a word."""
    with pytest.raises(statecast.errors.ConfigError, match="unknown key 'vocab'"):
        ClassificationFitConfig.from_dict({"classification": {"vocab": 5}})
    with pytest.raises(statecast.errors.ConfigError, match=r"unknown key 'labels'"):
        ClassificationFitConfig.from_dict({"network": {"labels": ["a", "b"]}})
