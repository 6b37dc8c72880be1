"""From tokens to text, one token at a time: whole characters only, and nothing that may yet turn out to be a stop."""

from bisect import bisect_right
from codecs import getincrementaldecoder

import numpy as np

from service.text.request import Tokens
from statecast.inputs.vocabulary import Vocabulary


class SymbolTable:
    """A vocabulary's symbols as texts, decoded once per model.

    Parameters
    ----------
    vocabulary : Vocabulary
        Of the model; one of bytes has no symbols that are texts.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.bytes = vocabulary.kind == "byte"
        self.symbols = [] if self.bytes else [vocabulary.decode([index]) for index in range(len(vocabulary))]


class IncrementalDetokenizer:
    """One text as it grows.

    Text is released once no stop can begin in it, so what was released is never taken back. ``stopped`` is set once
    one was found.

    Parameters
    ----------
    symbols : SymbolTable
        Of the model.
    stops : tuple of str
        Strings that end the text; they are cut off.
    """

    def __init__(self, symbols: SymbolTable, stops: tuple[str, ...]) -> None:
        self._symbols = symbols
        self._stops = stops
        self._decoder = getincrementaldecoder("utf-8")("replace") if symbols.bytes else None
        self._released: list[str] = []
        self._open = ""
        self._length = 0
        self._tokens: list[int] = []
        self._ends: list[int] = []
        self.stopped = False

    @property
    def count(self) -> int:
        """Tokens so far."""
        return len(self._tokens)

    def push(self, token: int) -> str:
        """Add a token.

        Parameters
        ----------
        token : int
            Index in the vocabulary.

        Returns
        -------
        str
            The text that it releases; "" where a character or a stop may still go on.
        """
        self._tokens.append(token)
        piece = self._symbols.symbols[token] if self._decoder is None else self._decoder.decode(bytes((token,)))
        if not self._stops:
            return piece
        self._open += piece
        self._length += len(piece)
        self._ends.append(self._length)
        found = [place for stop in self._stops if (place := self._open.find(stop)) >= 0]
        if found:
            self._open = self._open[: min(found)]
            self.stopped = True
        return self._release(0 if found else self._held())

    def rest(self) -> str:
        """Give what is still held back, once nothing more comes.

        Returns
        -------
        str
            May be empty.
        """
        return self._release(0)

    def unread(self) -> Tokens | None:
        """Give the tokens of exactly the released text, where those are not all tokens.

        A stop cuts tokens off, and may cut one in two; a last character may have lacked bytes.

        Returns
        -------
        array of int64, ``[T]``, or None
            None where the released text is that of all tokens.
        """
        vocabulary = self._symbols.vocabulary
        if self._decoder is not None:
            lacking = len(self._decoder.getstate()[0])
            if self.stopped:
                return vocabulary.encode("".join(self._released))[0]
            return np.array(self._tokens[:-lacking], dtype=np.int64) if lacking else None
        text = "".join(self._released)
        if not self.stopped or self._ends[-1] == len(text):
            return None
        kept = bisect_right(self._ends, len(text))
        cut, _ = vocabulary.encode(text[self._ends[kept - 1] if kept else 0 :])
        return np.concatenate([np.asarray(self._tokens[:kept], dtype=np.int64), cut])

    def _release(self, held: int) -> str:
        """Let go of what is open, but for the last ``held`` characters."""
        end = len(self._open) - held
        text, self._open = self._open[:end], self._open[end:]
        self._released.append(text)
        return text

    def _held(self) -> int:
        """Length of the longest end of the text that is the beginning of a stop."""
        for length in range(min(len(self._open), max(map(len, self._stops)) - 1), 0, -1):
            if any(stop.startswith(self._open[-length:]) for stop in self._stops):
                return length
        return 0
