"""Text as whole numbers, and back: characters, words or bytes.

The rule for what a vocabulary does not know: it becomes the unknown symbol, id 0, is counted, reads as U+FFFD, and is
never generated. Bytes know everything; there generation is kept to bytes that can go on as UTF-8.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from statecast.errors import ConfigError, InputError

VOCABULARIES = ("char", "word", "byte")
UNKNOWN = "\ufffd"
# Runs of letters and digits, and everything else one by one: joined again they are the text.
_WORDS = re.compile(r"\w+|\s|[^\w\s]")

# Bytes of UTF-8 by what they say of those after them: first and last of each class, later ones out of earlier ones.
_BYTE_CLASSES = (
    (0x00, 0x7F), (0x80, 0xBF), (0xC0, 0xDF), (0xE0, 0xE0), (0xE1, 0xEF), (0xED, 0xED), (0xF0, 0xF0), (0xF1, 0xFF),
    (0xF4, 0xF4),
)  # fmt: skip


class Vocabulary:
    """A two-way mapping of symbols and ids.

    Parameters
    ----------
    kind : str
        ``char``, ``word`` or ``byte``.
    symbols : sequence of str
        Distinct symbols, whose ids begin at 1; none for ``byte``.

    Raises
    ------
    ConfigError
        If the kind is unknown, or symbols are missing, repeated, or given for bytes.

    Examples
    --------
    >>> vocabulary = Vocabulary.of("char", "hello")
    >>> ids, unknown = vocabulary.encode("hole!")
    >>> ids.tolist(), unknown, vocabulary.decode(ids[:4])
    ([2, 4, 3, 1, 0], 1, 'hole')
    """

    def __init__(self, kind: str, symbols: Sequence[str] = ()) -> None:
        if kind not in VOCABULARIES:
            raise ConfigError(f"vocabulary: expected one of {', '.join(VOCABULARIES)}, got {kind!r}")
        if (kind == "byte") == bool(symbols) or len(set(symbols)) != len(symbols):
            raise ConfigError(f"symbols: expected distinct ones for char and word, none for byte, got {len(symbols)}")
        self.kind, self.symbols = kind, tuple(symbols)
        self._ids = {symbol: index for index, symbol in enumerate(self.symbols, start=1)}

    @classmethod
    def of(cls, kind: str, text: str, limit: int | None = None) -> "Vocabulary":
        """Return the vocabulary of a text.

        Parameters
        ----------
        kind : str
            ``char``, ``word`` or ``byte``.
        text : str
            The text.
        limit : int or None
            How many of its most frequent symbols to take; None for all.

        Returns
        -------
        Vocabulary
            Of these symbols, in the order of their code.
        """
        if kind == "byte":
            return cls(kind)
        counted = Counter(text if kind == "char" else _WORDS.findall(text))
        return cls(kind, sorted(symbol for symbol, _ in counted.most_common(limit)))

    def __len__(self) -> int:
        return 256 if self.kind == "byte" else len(self.symbols) + 1

    def encode(self, text: str) -> tuple[NDArray[np.int64], int]:
        """Turn a text into ids.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        ids : ndarray
            ``[T]`` int64, 0 for an unknown symbol.
        unknown : int
            How many there are of these.

        Raises
        ------
        InputError
            If the text holds half of a surrogate pair, which no encoding can carry.
        """
        raw = encode_utf8(text)
        if self.kind == "byte":
            return np.frombuffer(raw, dtype=np.uint8).astype(np.int64), 0
        symbols = text if self.kind == "char" else _WORDS.findall(text)
        ids = np.fromiter((self._ids.get(symbol, 0) for symbol in symbols), dtype=np.int64)
        return ids, int((ids == 0).sum())

    def decode(self, ids: Sequence[int] | NDArray[np.int64]) -> str:
        """Turn ids into a text.

        Parameters
        ----------
        ids : sequence of int
            Ids as ``encode`` gives them.

        Returns
        -------
        str
            The text. Bytes that are no whole character yet are left out at the end, read as U+FFFD elsewhere.
        """
        if self.kind != "byte":
            return "".join(self.symbols[index - 1] if index else UNKNOWN for index in map(int, ids))
        raw = bytes(int(index) for index in ids)
        return raw[: len(raw) - open_bytes(raw[-3:])].decode("utf-8", errors="replace")


def encode_utf8(text: str) -> bytes:
    """Turn a text into UTF-8.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bytes
        The same.

    Raises
    ------
    InputError
        If the text holds half of a surrogate pair, which no encoding can carry.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"text: expected whole characters, got a lone surrogate at position {error.start}; send valid Unicode"
        ) from None


def open_bytes(tail: bytes) -> int:
    """Count the bytes at the end that belong to a character that is not whole yet.

    Parameters
    ----------
    tail : bytes
        End of a text; its last three matter.

    Returns
    -------
    int
        0 to 3.

    Examples
    --------
    >>> open_bytes("a€".encode()[:-1])
    2
    """
    for back in range(1, min(3, len(tail)) + 1):
        byte = tail[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < needed else 0
        if byte < 0x80:
            return 0
    return 0


def allowed_bytes(tail: bytes) -> NDArray[np.bool_]:
    """Say which bytes may follow so that the text stays valid UTF-8.

    Parameters
    ----------
    tail : bytes
        What was written so far; the last three matter.

    Returns
    -------
    ndarray, shape [256], bool
        True for those that may.

    References
    ----------
    The Unicode Standard, table 3-7, "Well-formed UTF-8 byte sequences".
    """
    allowed = np.zeros(256, dtype=bool)
    count = open_bytes(tail[-3:])
    if not count:
        allowed[0x00:0x80] = True
        allowed[0xC2:0xF5] = True
        return allowed
    lead = tail[-count]
    low, high = 0x80, 0xC0
    if count == 1:
        low = {0xE0: 0xA0, 0xF0: 0x90}.get(lead, low)
        high = {0xED: 0xA0, 0xF4: 0x90}.get(lead, high)
    allowed[low:high] = True
    return allowed


@cache
def tabulate_allowed_bytes() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Tabulate ``allowed_bytes`` over the last three bytes, so that a device can look up what may follow.

    Returns
    -------
    tuple of ndarray
        The class ``[257]`` of each byte, before them that of none; and by the classes of the last three bytes which may
        follow, ``[9, 9, 9, 256]`` bool.

    Examples
    --------
    >>> byte_class, allowed = tabulate_allowed_bytes()
    >>> one, two, three = (byte_class[byte + 1] for byte in (-1, 0xE0, 0xA0))
    >>> bool((allowed[one, two, three] == allowed_bytes(bytes([0xE0, 0xA0]))).all())
    True
    """
    byte_class = np.zeros(257, dtype=np.int64)
    for place, (first, last) in enumerate(_BYTE_CLASSES):
        byte_class[first + 1 : last + 2] = place
    ends = [last for _, last in _BYTE_CLASSES]
    allowed = np.stack([allowed_bytes(bytes(tail)) for tail in product(ends, repeat=3)])
    return byte_class, allowed.reshape(*[len(ends)] * 3, 256)
