"""From tokens to text: stops are never shown, characters never torn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.text.detokenizer import IncrementalDetokenizer, Spelling
from statecast.inputs.vocabulary import Vocabulary

LETTERS = Vocabulary("char", "ab")


@given(st.text("ab", min_size=1, max_size=30), st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3))
def test_a_stop_is_cut_and_never_shown(written: str, stops: list[str]) -> None:
    speller = IncrementalDetokenizer(Spelling(LETTERS), tuple(stops))
    released = ""
    for token in LETTERS.encode(written)[0]:
        released += speller.push(int(token))
        if speller.stopped:
            break
    else:
        released += speller.rest()
    ends = [written.find(stop) + len(stop) for stop in stops if stop in written]
    first = [written.find(stop) for stop in stops if stop in written and written.find(stop) + len(stop) == min(ends)]
    assert released == (written[: min(first)] if ends else written)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=3))
def test_bytes_are_released_as_whole_characters(written: str, stop: str) -> None:
    speller = IncrementalDetokenizer(Spelling(Vocabulary("byte")), (stop,))
    pieces = []
    for byte in written.encode():
        pieces.append(speller.push(byte))
        if speller.stopped:
            break
    else:
        pieces.append(speller.rest())
    assert "".join(pieces) == written.split(stop, maxsplit=1)[0]
    left = speller.unread()
    assert left is None or bytes(left.astype(np.uint8)).decode() == "".join(pieces)


def test_a_word_cut_in_two_is_read_again_as_far_as_it_stands() -> None:
    words = Vocabulary("word", ["one", "two", " ", "t"])
    speller = IncrementalDetokenizer(Spelling(words), ("wo",))
    text = "".join(speller.push(int(token)) for token in words.encode("one two")[0])
    unread = speller.unread()
    assert text == "one t" and speller.stopped and unread is not None
    assert words.decode(unread) == "one t"
