"""From tokens to text: stops are never shown, characters never torn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.text.detokenizer import IncrementalDetokenizer, SymbolTable
from statecast.inputs.vocabulary import Vocabulary

LETTERS = Vocabulary("char", "ab")


@given(st.text("ab", min_size=1, max_size=30), st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3))
def test_a_stop_is_cut_and_never_shown(written: str, stops: list[str]) -> None:
    detokenizer = IncrementalDetokenizer(SymbolTable(LETTERS), tuple(stops))
    released = ""
    for token in LETTERS.encode(written)[0]:
        released += detokenizer.push(int(token))
        if detokenizer.stopped:
            break
    else:
        released += detokenizer.rest()
    ends = [written.find(stop) + len(stop) for stop in stops if stop in written]
    first = [written.find(stop) for stop in stops if stop in written and written.find(stop) + len(stop) == min(ends)]
    assert released == (written[: min(first)] if ends else written)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=3))
def test_bytes_are_released_as_whole_characters(written: str, stop: str) -> None:
    detokenizer = IncrementalDetokenizer(SymbolTable(Vocabulary("byte")), (stop,))
    pieces = []
    for byte in written.encode():
        pieces.append(detokenizer.push(byte))
        if detokenizer.stopped:
            break
    else:
        pieces.append(detokenizer.rest())
    assert "".join(pieces) == written.split(stop, maxsplit=1)[0]
    left = detokenizer.unread()
    assert left is None or bytes(left.astype(np.uint8)).decode() == "".join(pieces)


def test_a_word_cut_in_two_is_read_again_as_far_as_it_stands() -> None:
    words = Vocabulary("word", ["one", "two", " ", "t"])
    detokenizer = IncrementalDetokenizer(SymbolTable(words), ("wo",))
    text = "".join(detokenizer.push(int(token)) for token in words.encode("one two")[0])
    unread = detokenizer.unread()
    assert text == "one t" and detokenizer.stopped and unread is not None
    assert words.decode(unread) == "one t"
