"""Texts to ids: what is known, what is not, and that a hostile text costs no more than another."""

import time

import pytest

from statecast.errors import ConfigError, InputError
from statecast.inputs.tokenizer import PAD, UNKNOWN, Tokenizer


def test_words_marks_and_case() -> None:
    """`Don't!` is one word and one mark; if it were cut elsewhere, a fit and its service would read different words."""
    tokenizer = Tokenizer.of("word", ["Don't stop, don't"], size=10)
    assert tokenizer.symbols == (",", "don't", "stop")
    assert tokenizer.encode("DON'T go").tolist() == [3, UNKNOWN]


def test_a_set_size_keeps_the_most_frequent() -> None:
    """The size bounds the network; of equally frequent words the choice must not hang on the order of a file."""
    texts = ["b b a c", "c a d"]
    assert (
        Tokenizer.of("word", texts, size=2).symbols == Tokenizer.of("word", texts[::-1], size=2).symbols == ("a", "b")
    )


def test_no_text_has_padding() -> None:
    """Id 0 is for what is not there; a text that held it would be cut short."""
    for kind in ("word", "char", "byte"):
        tokenizer = Tokenizer.of(kind, ["\x00 nul \x00"], size=9)
        ids = tokenizer.encode("\x00 what 😀")
        assert PAD not in ids and ids.max() < len(tokenizer)


def test_tags_are_spaces_unless_they_count() -> None:
    """Half of the reviews of the web hold `<br />`, which is no word; arithmetic with < and > stays as it is."""
    assert Tokenizer("byte").encode("a<br />b").size == 3
    assert Tokenizer("byte", tags=True).encode("a<br />b").size == 8
    assert Tokenizer("byte").encode("1 < 2 > 0").size == 9


@pytest.mark.parametrize("hostile", ["<" * 2_000_000, "a'" * 1_000_000, "<a " * 700_000], ids=["<", "'", "<a"])
def test_the_cost_is_linear(hostile: str) -> None:
    """A text of two million open brackets must not hold a server; a pattern that looks back would take days."""
    started = time.process_time()
    Tokenizer.of("word", ["a"], size=1).encode(hostile)
    assert time.process_time() - started < 20


def test_a_lone_surrogate_is_refused() -> None:
    """JSON can carry half a character, UTF-8 cannot; without this it ends as an error of the server."""
    with pytest.raises(InputError, match="surrogate at position 1"):
        Tokenizer("byte").encode("a\ud800")


def test_symbols_have_to_fit_the_kind() -> None:
    """A word tokenizer without words would call every text the same."""
    with pytest.raises(ConfigError, match="symbols"):
        Tokenizer("word")
    with pytest.raises(ConfigError, match="one of word"):
        Tokenizer("sentence")
