"""Texts as whole numbers for networks that read and do not write: words, characters or bytes.

Id 0 is padding, id 1 what is not known; bytes are all known. What is read in parts ends a word at the end of each part.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from statecast.errors import ConfigError
from statecast.inputs.vocabulary import encode_utf8

SYMBOLS = ("word", "char", "byte")
PAD, UNKNOWN = 0, 1
_FIRST = 2
# Words with their apostrophes, and marks one by one; spaces say nothing that the words do not.
_WORDS = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
# Bounded, so that a text of open brackets costs no more than another.
_TAGS = re.compile(r"</?[A-Za-z][^<>]{0,100}>")


class Tokenizer:
    """A mapping of texts to ids.

    Parameters
    ----------
    kind : str
        ``word``, ``char`` or ``byte``.
    symbols : sequence of str
        Distinct symbols, whose ids begin at 2; none for ``byte``.
    lower : bool
        Whether texts are lower-cased.
    tags : bool
        Whether tags such as ``<br />`` count as text; otherwise as spaces.

    Raises
    ------
    ConfigError
        If the kind is unknown, or symbols are missing, repeated, or given for bytes.

    Examples
    --------
    >>> tokenizer = Tokenizer.of("word", ["Not bad<br />", "not good"], size=2)
    >>> tokenizer.symbols, tokenizer.encode("NOT good?").tolist(), len(tokenizer)
    (('bad', 'not'), [3, 1, 1], 4)
    """

    def __init__(self, kind: str, symbols: Sequence[str] = (), *, lower: bool = True, tags: bool = False) -> None:
        if kind not in SYMBOLS:
            raise ConfigError(f"symbols: expected one of {', '.join(SYMBOLS)}, got {kind!r}")
        if (kind == "byte") == bool(symbols) or len(set(symbols)) != len(symbols):
            raise ConfigError(f"symbols: expected distinct ones for word and char, none for byte, got {len(symbols)}")
        self.kind, self.symbols, self.lower, self.tags = kind, tuple(symbols), lower, tags
        self._ids = {symbol: index for index, symbol in enumerate(self.symbols, start=_FIRST)}

    @classmethod
    def of(cls, kind: str, texts: Iterable[str], size: int, *, lower: bool = True, tags: bool = False) -> "Tokenizer":
        """Return a tokenizer that knows the most frequent symbols of texts.

        Parameters
        ----------
        kind : str
            ``word``, ``char`` or ``byte``.
        texts : iterable of str
            The texts.
        size : int
            How many symbols it knows at most, beside padding and the unknown one.
        lower, tags : bool
            As for the class.

        Returns
        -------
        Tokenizer
            Of these symbols in alphabetical order; of equally frequent ones the first in that order are taken.
        """
        if kind == "byte":
            return cls(kind, lower=lower, tags=tags)
        counted = Counter[str]()
        for text in texts:
            counted.update(_split(kind, _plain(text, lower, tags)))
        ranked = sorted(counted, key=lambda symbol: (-counted[symbol], symbol))
        return cls(kind, sorted(ranked[:size]), lower=lower, tags=tags)

    def __len__(self) -> int:
        return _FIRST + (256 if self.kind == "byte" else len(self.symbols))

    def encode(self, text: str) -> NDArray[np.int64]:
        """Turn a text into ids.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        ndarray, shape [T], int64
            Ids from 1 on; none for an empty text.

        Raises
        ------
        InputError
            If the text holds half of a surrogate pair, which no encoding can carry.
        """
        plain = _plain(text, self.lower, self.tags)
        raw, known = encode_utf8(plain), self._ids
        if self.kind == "byte":
            return np.frombuffer(raw, dtype=np.uint8).astype(np.int64) + _FIRST
        return np.fromiter((known.get(symbol, UNKNOWN) for symbol in _split(self.kind, plain)), dtype=np.int64)


def _plain(text: str, lower: bool, tags: bool) -> str:
    text = text if tags else _TAGS.sub(" ", text)
    return text.lower() if lower else text


def _split(kind: str, plain: str) -> Sequence[str]:
    return _WORDS.findall(plain) if kind == "word" else plain
