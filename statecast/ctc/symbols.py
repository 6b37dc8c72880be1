"""Symbols with the steps at which they were found, and the text that they spell."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

BLANK = 0
"""The symbol that says nothing; all others begin at 1."""


@dataclass(frozen=True)
class Segment:
    """A word of a transcript.

    Parameters
    ----------
    text : str
        The word.
    start_s, end_s : float
        From when to when the network recognised it, in seconds from the beginning.
    confidence : float
        Probability of its least certain symbol, 0 to 1.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class Transcript:
    """What was said.

    Parameters
    ----------
    text : str
        The words.
    segments : tuple of Segment
        The same with times.
    warnings : tuple of str
        What makes it less than it could be.
    """

    text: str
    segments: tuple[Segment, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Symbols:
    """Symbols in the order in which they were found, K of them.

    Parameters
    ----------
    ids : ndarray of int64, shape [K]
        Which, from 1.
    starts, ends : ndarray of int64, shape [K]
        First step of each, and the step after its last.
    confidences : ndarray of float64, shape [K]
        Highest probability of each over its steps.
    """

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    confidences: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    def joined(self, later: "Symbols", goes_on: bool) -> "Symbols":
        """Return these symbols and later ones.

        Parameters
        ----------
        later : Symbols
            What was found in the steps after these.
        goes_on : bool
            Whether the first of them is the last of these, going on.

        Returns
        -------
        Symbols
            All.
        """
        ids, starts, ends = self.ids, self.starts, self.ends.copy()
        confidences, new = self.confidences.copy(), int(goes_on and len(ids) > 0)
        if new:
            ends[-1], confidences[-1] = later.ends[0], max(confidences[-1], later.confidences[0])
        return Symbols(
            np.concatenate([ids, later.ids[new:]]),
            np.concatenate([starts, later.starts[new:]]),
            np.concatenate([ends, later.ends[new:]]),
            np.concatenate([confidences, later.confidences[new:]]),
        )

    def spelled(self, alphabet: Sequence[str], separator: str, step_s: float) -> Transcript:
        """Return the text of the symbols.

        Parameters
        ----------
        alphabet : sequence of str
            The symbols, whose ids begin at 1.
        separator : str
            What stands between two symbols; where that is nothing, the symbol ``" "`` ends a word.
        step_s : float
            Seconds per step.

        Returns
        -------
        Transcript
            A segment per word.

        Examples
        --------
        >>> steps = np.array([3, 9])
        >>> found = Symbols(np.array([2, 1]), steps, steps + 1, np.array([0.9, 0.8]))
        >>> found.spelled(("one", "two"), " ", 0.04).text
        'two one'
        """
        texts = [alphabet[symbol - 1] for symbol in self.ids.tolist()]
        if separator:
            words = [[place] for place in range(len(texts))]
        else:
            gaps = groupby(range(len(texts)), key=lambda place: texts[place] == " ")
            words = [list(places) for is_gap, places in gaps if not is_gap]
        segments = tuple(
            Segment(
                "".join(texts[place] for place in word),
                round(float(self.starts[word[0]]) * step_s, 4),
                round(float(self.ends[word[-1]]) * step_s, 4),
                round(float(self.confidences[word].min()), 4),
            )
            for word in words
        )
        return Transcript((separator or " ").join(segment.text for segment in segments), segments)
