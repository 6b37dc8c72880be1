"""The commands on recordings: fit, resume, backtest, refusals in one line."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import statecast
from tests.training.speech.tones import tones_config, write_tones
from training.cli.fit import kind_of
from training.cli.main import app
from training.cli.speech import SPEECH
from training.speech.config import SpeechFitConfig
from training.toml import read_toml

CONFIGS = Path(__file__).parents[3] / "configs"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path):
    write_tones(tmp_path / "tones.zip")
    (tmp_path / "tiny.toml").write_text(tones_config(training={"steps": 6, "validate_every": 3}).to_toml())
    return tmp_path


def rows_in(text):
    return re.findall(r"│ (anna|bert|all)[ │]+([\d.,]+)[ │]+([\d.,]+)[ │]+([\d.]+ %)", text)


def test_fit_and_backtest_print_the_same_table(folder):
    result = run("fit", folder / "tiny.toml", "--data", folder / "tones.zip", "--out", folder / "out", "--steps", 4)
    assert result.exit_code == 0, result.output
    assert re.search(r"step 3: loss [\d.]+, validation [\d.]+  best so far", result.output)
    assert [row[0] for row in rows_in(result.output)] == ["anna", "bert", "all"]
    artifact = statecast.load(folder / "out")
    assert (artifact.name, artifact.kind, artifact.manifest["training"]["costs"]["steps"]) == ("out", "transcriber", 4)
    again = run("backtest", folder / "out", "--data", folder / "tones.zip")
    assert again.exit_code == 0 and rows_in(again.output) == rows_in(result.output)


def test_a_fit_that_ended_has_nothing_to_resume(folder):
    result = run("fit", folder / "tiny.toml", "--data", folder / "tones.zip", "--out", folder / "out", "--resume")
    assert result.exit_code != 0 and "no checkpoint to resume" in result.output.replace("\n", " ")


@pytest.mark.parametrize("option", [("--freq", "1h"), ("--epochs", "3"), ("--horizon", "3")])
def test_options_of_tables_and_texts_are_refused(folder, option):
    result = run("fit", folder / "tiny.toml", "--data", folder / "tones.zip", "--out", folder / "out", *option)
    assert result.exit_code != 0 and f"{option[0]}: not supported for speech" in result.output


def test_voices_without_their_program_are_refused_in_one_line(folder, monkeypatch):
    monkeypatch.setenv("PATH", "")
    result = run("voices", "--data", folder / "tones.zip", "--out", folder / "voices")
    assert result.exit_code == 2 and "espeak-ng is not installed" in result.output


def test_the_configs_in_the_folder_are_configs():
    found = [path for path in sorted(CONFIGS.glob("*.toml")) if kind_of(read_toml(path)) is SPEECH]
    assert sorted(path.stem for path in found) == [
        "digits",
        "digits-streaming",
        "digits-voices",
        "speech-reference",
    ]
    for path in found:
        assert SpeechFitConfig.read(path).network["width"] > 0
