"""A text is read, prepared, cut in time and windowed as its config says."""

from itertools import pairwise

import numpy as np
import pytest

from statecast.errors import ConfigError
from tests.training.text.corpora import chinese_text
from training.errors import TrainingError
from training.text.config import TextConfig, TextFitConfig
from training.text.corpus import cut_text, prepare_text, read_text
from training.text.docstrings import read_docstrings
from training.text.windows import Windows


def test_the_time_machine_protocol():
    config = TextConfig(lower=True, letters=True, characters=20)
    text = "The Time Machine, by\nH. G. Wells [1898]\n\n\nI\n"
    assert prepare_text(text, config) == "the time machine by "
    assert prepare_text("  Ünter 12 Zeichen: 中文!", TextConfig(letters=True)) == "Ünter Zeichen 中文"


def test_parts_follow_in_time_and_only_the_first_is_known():
    corpus = cut_text("aabbaabbccXccYcc", TextConfig(fractions=(0.5, 0.25, 0.25)))
    assert [part.text for part in (corpus.train, corpus.validation, corpus.held_out)] == ["aabbaabb", "ccXc", "cYcc"]
    assert corpus.vocabulary.symbols == ("a", "b")
    assert corpus.held_out.unknown == 4
    assert corpus.held_out.tokens.tolist() == [0, 0, 0, 0]


def test_a_limit_keeps_the_most_frequent_words_and_counts_the_rest_as_unknown():
    corpus = cut_text("so it goes so it went", TextConfig(vocabulary="word", limit=3, fractions=(1.0, 0.0, 0.0)))
    assert corpus.vocabulary.symbols == (" ", "it", "so")
    assert corpus.train.unknown == 2


@pytest.mark.parametrize(("kind", "characters"), [("char", 3), ("word", 2), ("byte", 4)])
def test_predicted_characters_are_counted_alike_for_every_vocabulary(kind, characters):
    """The first symbol is only read: a character, a word, or a byte that is no character yet."""
    corpus = cut_text("中 éa中 éa", TextConfig(vocabulary=kind, fractions=(0.5, 0.0, 0.5)))
    assert corpus.held_out.text == "中 éa"
    assert corpus.held_out.predicted_characters(corpus.vocabulary) == {"char": 3, "word": 3, "byte": 4}[kind]


def test_carried_windows_go_on_where_the_one_before_ended():
    windows = Windows(np.arange(100), "carried", batch=4, length=5, seed=0)
    epoch = list(windows.epoch(0))
    assert len(epoch) == windows.steps == 4
    assert [window.fresh for window in epoch] == [True, False, False, False]
    for window in epoch:
        assert ((window.read + 1) % 100 == window.next).all()
    for before, after in pairwise(epoch):
        assert (before.next[:, -1] == after.read[:, 0]).all()
    assert not (next(windows.epoch(1)).read == epoch[0].read).all()


def test_random_windows_start_fresh_do_not_overlap_and_are_the_seed_s():
    windows = Windows(np.arange(100), "random", batch=3, length=6, seed=1)
    epoch = list(windows.epoch(2))
    assert len(epoch) == windows.steps
    assert all(window.fresh and (window.read + 1 == window.next).all() for window in epoch)
    read = np.concatenate([window.read.numpy().ravel() for window in epoch])
    assert len(set(read)) == len(read)
    again = list(Windows(np.arange(100), "random", batch=3, length=6, seed=1).epoch(2))
    assert all((one.read == two.read).all() for one, two in zip(epoch, again, strict=True))


@pytest.mark.parametrize("kind", ["carried", "random"])
def test_a_text_that_fills_no_batch_is_refused(kind):
    with pytest.raises(TrainingError, match="lower batch or length"):
        Windows(np.arange(60), kind, batch=8, length=8, seed=0)


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    with pytest.raises(TrainingError, match="UTF-8"):
        read_text(tmp_path / "latin.txt")
    with pytest.raises(TrainingError, match="cannot be read"):
        read_text(tmp_path / "absent.txt")
    (tmp_path / "marked.txt").write_bytes("\ufeffmark".encode())
    assert read_text(tmp_path / "marked.txt") == "mark"
    with pytest.raises(TrainingError, match="expected characters to train on"):
        cut_text("", TextConfig())
    with pytest.raises(TrainingError, match="held-out part"):
        cut_text("abcdefgh", TextConfig())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"texts": {}}, r"\[texts\]"),
        ({"text": {"lowercase": True}}, "'lowercase'"),
        ({"text": {"vocabulary": "syllable"}}, "one of char, word, byte"),
        ({"text": {"fractions": [0.9, 0.1]}}, "three shares"),
        ({"text": {"fractions": [0.9, 0.1, 0.1]}}, "together at most 1"),
        ({"text": {"limit": -1}}, "from 0"),
        ({"network": {"symbols": ["a"]}}, "'symbols'"),
        ({"network": {"width": "wide"}}, "a whole number, got 'wide'"),
        ({"network": {"cell": "qrnn"}}, "one of gru, lstm"),
        ({"training": {"steps": 3}}, "'steps'"),
        ({"training": {"windows": "sliding"}}, "one of carried, random"),
        ({"training": {"precision": "float16"}}, "one of float32, bfloat16"),
        ({"training": {"length": 0}}, "above 0"),
        ({"training": {"embedding_dropout": 1.0}}, "0 up to"),
    ],
)
def test_a_config_with_a_fault_is_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        TextFitConfig.from_dict(values)


def test_a_config_survives_toml(tmp_path):
    config = TextFitConfig.from_dict(
        {"text": {"vocabulary": "word", "limit": 9, "fractions": [1, 0, 0]}, "network": {"width": 8}}
    )
    (tmp_path / "fit.toml").write_text(config.to_toml())
    assert TextFitConfig.read(tmp_path / "fit.toml") == config


def test_the_library_documents_itself(tmp_path):
    text = read_docstrings(20_000)
    assert len(text) == 20_000
    assert text.isascii()
    assert text == read_docstrings(20_000)
    (tmp_path / "odd.py").write_text("def broken(:")
    (tmp_path / "short.py").write_text('"""Too short to read."""')
    with pytest.raises(TrainingError, match="expected 10 characters of documentation, got 0"):
        read_docstrings(10, tmp_path)


def test_the_made_up_chinese_is_a_text():
    text = chinese_text()
    assert text == chinese_text()
    assert len(set(text)) > 100
