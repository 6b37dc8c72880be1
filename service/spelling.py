"""From tokens to text, one token at a time: whole characters only, and nothing that may yet turn out to be a stop."""

from bisect import bisect_right
from codecs import getincrementaldecoder

import numpy as np

from service.passages import Tokens
from statecast.vocabulary import Vocabulary


class Spelling:
    """A vocabulary's symbols as texts, looked up once a model."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.bytes = vocabulary.kind == "byte"
        self.symbols = [] if self.bytes else [vocabulary.decode([index]) for index in range(len(vocabulary))]


class Speller:
    """One text as it grows.

    Text is released once no stop can begin in it, so what was released is never taken back.

    Parameters
    ----------
    spelling:
        Of the model.
    stops:
        Texts at which this one ends; they are cut off.
    """

    def __init__(self, spelling: Spelling, stops: tuple[str, ...]) -> None:
        self._spelling = spelling
        self._stops = stops
        self._decoder = getincrementaldecoder("utf-8")("replace") if spelling.bytes else None
        self._text = ""
        self._released = 0
        self._tokens: list[int] = []
        self._ends: list[int] = []
        self.stopped = False

    @property
    def count(self) -> int:
        """Tokens so far."""
        return len(self._tokens)

    def push(self, token: int) -> str:
        """Add a token; gives the text that is released by it. After a stop ``stopped`` is set."""
        self._tokens.append(token)
        if self._decoder is None:
            self._text += self._spelling.symbols[token]
        else:
            self._text += self._decoder.decode(bytes((token,)))
        self._ends.append(len(self._text))
        if not self._stops:
            return self._release(len(self._text))
        found = [place for stop in self._stops if (place := self._text.find(stop, self._released)) >= 0]
        if found:
            self._text = self._text[: min(found)]
            self.stopped = True
            return self._release(len(self._text))
        return self._release(len(self._text) - self._held())

    def rest(self) -> str:
        """Give what is still held back, once nothing more comes."""
        return self._release(len(self._text))

    def unread(self) -> Tokens | None:
        """Tokens of exactly the text, where that is not the text of all tokens; else None.

        A stop cuts tokens off, and may cut one in two; a last character may have lacked bytes.
        """
        whole = self._ends[-1] == len(self._text) and not (self._decoder and self._decoder.getstate()[0])
        if whole:
            return None
        if self._decoder is not None:
            return self._spelling.vocabulary.encode(self._text)[0]
        kept = bisect_right(self._ends, len(self._text))
        begin = self._ends[kept - 1] if kept else 0
        cut, _ = self._spelling.vocabulary.encode(self._text[begin:])
        return np.concatenate([np.asarray(self._tokens[:kept], dtype=np.int64), cut])

    def _release(self, end: int) -> str:
        text = self._text[self._released : end]
        self._released = max(self._released, end)
        return text

    def _held(self) -> int:
        """Length of the longest end of the text that is the beginning of a stop."""
        open_text = self._text[self._released :]
        for length in range(min(len(open_text), max(map(len, self._stops)) - 1), 0, -1):
            if any(stop.startswith(open_text[-length:]) for stop in self._stops):
                return length
        return 0
