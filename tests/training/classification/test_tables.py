"""Labelled tables: texts, long and wide series, and what is wrong with one, by row."""

from pathlib import Path

import numpy as np
import pytest

from training.classification.config import ClassificationConfig
from training.classification.tables import read_examples
from training.errors import TableError


def table(folder: Path, text: str) -> Path:
    path = folder / "labelled.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_texts(tmp_path: Path) -> None:
    """Reviews hold commas, quotes and line ends; cut at one of them they are other reviews."""
    path = table(tmp_path, 'label,text,id\n1,"Good, ""really""\ngood",7\n0,bad,8\n')
    examples = read_examples(path, ClassificationConfig(), "word")
    assert examples.inputs == ['Good, "really"\ngood', "bad"] and examples.answers == ["1", "0"]


def test_long_series(tmp_path: Path) -> None:
    """Steps are ordered by time within their series, whatever the order of rows; channels by name."""
    path = table(
        tmp_path, "item_id,timestamp,x,y,label\nb,2,4,,run\na,1,1,10,rest\nb,1,3,30,run\na,2,,20,rest\nb,3,5,50,run\n"
    )
    examples = read_examples(path, ClassificationConfig(), "values")
    assert examples.channels == ("x", "y") and examples.answers == ["rest", "run"]
    np.testing.assert_array_equal(examples.inputs[0], [[1, 10], [np.nan, 20]])
    np.testing.assert_array_equal(examples.inputs[1], [[3, 30], [4, np.nan], [5, 50]])


def test_wide_series(tmp_path: Path) -> None:
    """A row per series, as archives publish them: empty at the end is shorter, empty inside is missing."""
    path = table(tmp_path, "label,v0,v1,v2,v3\n1,0.5,1.5,,\n2,1,,3,4\n")
    examples = read_examples(path, ClassificationConfig(wide=True), "values")
    assert [one[:, 0].tolist() for one in examples.inputs[:1]] == [[0.5, 1.5]]
    np.testing.assert_array_equal(examples.inputs[1][:, 0], [1, np.nan, 3, 4])


def test_a_split_column_says_the_parts(tmp_path: Path) -> None:
    """Who brings a split wants to be compared on it; a typo in it would move an example to nowhere."""
    text = "text,label,part\na,1,train\nb,0,TEST\n"
    assert read_examples(table(tmp_path, text), ClassificationConfig(split="part"), "word").parts == ["train", "test"]
    with pytest.raises(TableError, match=r"line 3 .*expected train, validation or test, got 'tets'"):
        read_examples(table(tmp_path, text.replace("TEST", "tets")), ClassificationConfig(split="part"), "word")


def test_a_series_lies_in_one_part(tmp_path: Path) -> None:
    """Half of a series for training and half for the test was taken as its first row said, without a word."""
    path = table(tmp_path, "item_id,label,x,part\na,1,2,train\na,1,3,test\n")
    with pytest.raises(TableError, match="series 'a': expected one part, got test, train"):
        read_examples(path, ClassificationConfig(split="part"), "values")


@pytest.mark.parametrize(
    ("text", "inputs", "message"),
    [
        ("text,sentiment\na,1\n", "word", "label: expected a column 'label', got 'text', 'sentiment'"),
        ("text,label\na,1\nb,\n", "word", r"label: line 3 \(row 1\) is empty"),
        ("text,label\n,1\nb,0\n", "word", r"text: line 2 \(row 0\) is empty"),
        ("item_id,label,x\na,1,2\na,0,3\n", "values", "series 'a': expected one label, got 0, 1"),
        ("item_id,label\na,1\n", "values", "channels: expected a column of values"),
        ("item_id,label,x\na,1,high\n", "values", "expected numbers, got 'high'"),
    ],
)
def test_faults_are_named(text: str, inputs: str, message: str, tmp_path: Path) -> None:
    """One bad row of a million is found by its line, or never."""
    with pytest.raises(TableError, match=message):
        read_examples(table(tmp_path, text), ClassificationConfig(), inputs)
