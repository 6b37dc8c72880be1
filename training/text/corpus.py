"""A text as symbols of a vocabulary, cut in time: one part to train on, one to choose weights by, one held out."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from statecast.inputs.vocabulary import Vocabulary
from training.errors import TrainingError
from training.text.config import TextConfig

Tokens = NDArray[np.int64]

_BETWEEN_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True)
class Passage:
    """One part of a text."""

    tokens: Tokens
    """Ids ``[T]`` of its symbols."""
    unknown: int
    """Number of symbols that the vocabulary does not know."""
    text: str
    """The part itself."""

    def predicted_characters(self, vocabulary: Vocabulary) -> int:
        """Count the characters that the predicted symbols stand for; the first symbol is read but not predicted.

        Parameters
        ----------
        vocabulary : Vocabulary
            The vocabulary of the passage's ids.

        Returns
        -------
        int
            Number of characters.
        """
        return len(self.text) - len(vocabulary.decode(self.tokens[:1]))


@dataclass(frozen=True)
class Corpus:
    """A text as symbols, cut in time."""

    vocabulary: Vocabulary
    """Symbols of the training part."""
    train: Passage
    """What is learned from."""
    validation: Passage
    """What chooses the weights; may be empty."""
    held_out: Passage
    """What is scored; may be empty."""


def read_text(path: str | Path) -> str:
    """Read a UTF-8 file.

    Parameters
    ----------
    path : str or Path
        The file, with or without a byte order mark.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    TrainingError
        If it cannot be read or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path}: expected UTF-8, got an invalid byte at {error.start}; convert the file") from None
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from None


def prepare_text(text: str, config: TextConfig) -> str:
    """Keep only the letters of a text, lower-case it, or cut it to its beginning, as a config says.

    Parameters
    ----------
    text : str
        The text as it was read.
    config : TextConfig
        Its ``letters``, ``lower`` and ``characters`` are used.

    Returns
    -------
    str
        The text to train on.

    Examples
    --------
    >>> prepare_text("In 1895, Time.", TextConfig(letters=True, lower=True))
    'in time'
    """
    if config.letters:
        text = _BETWEEN_LETTERS.sub(" ", text).strip()
    if config.lower:
        text = text.lower()
    return text[: config.characters] if config.characters else text


def cut_text(text: str, config: TextConfig) -> Corpus:
    """Prepare a text, cut it at whole characters and encode it as ids.

    The vocabulary is that of the training part: what appears only later is unknown, as it would be in use.

    Parameters
    ----------
    text : str
        The text as it was read.
    config : TextConfig
        How it is prepared and cut, and which vocabulary encodes it.

    Returns
    -------
    Corpus
        The three parts with their vocabulary.

    Raises
    ------
    TrainingError
        If the training part, or another part whose share is above 0, has fewer than two symbols.
    """
    prepared = prepare_text(text, config)
    ends = [round(len(prepared) * min(sum(config.fractions[: part + 1]), 1.0)) for part in range(3)]
    parts = [prepared[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    if not parts[0]:
        raise TrainingError("text: expected characters to train on, got none; give a longer text")
    vocabulary = Vocabulary.of(config.vocabulary, parts[0], config.limit or None)
    passages = [Passage(*vocabulary.encode(part), part) for part in parts]
    for name, share, passage in zip(("training", "validation", "held-out"), config.fractions, passages, strict=True):
        if share and len(passage.tokens) < 2:
            raise TrainingError(
                f"text: expected at least 2 symbols in the {name} part, got {len(passage.tokens)}; pass a longer text "
                "or other fractions"
            )
    return Corpus(vocabulary, *passages)
