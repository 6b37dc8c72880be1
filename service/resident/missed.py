"""Observations of one session that the journal holds and its snapshot does not, as a start finds them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from service.stores.digest import bytes_of, extend, text_of
from service.stores.interface import Append, Record


@dataclass(eq=False, slots=True)
class Missed:
    """Observations of one session that its snapshot does not hold.

    Parameters
    ----------
    birth : float
        When the session was opened, in seconds since 1970.
    index : list of int
        Time index of each, ascending.
    values : list of float
        The observations.
    used : list of float
        When each came, in seconds since 1970.
    """

    birth: float
    index: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)

    def add(self, first: int, values: Sequence[float], used: float) -> None:
        """Take an entry of the journal, in their order.

        A commit that was said to fail may have been kept all the same; then the one after it begins where that did, and
        is the one that was answered.

        Parameters
        ----------
        first : int
            Time index of the first value.
        values : sequence of float
            Of consecutive steps.
        used : float
            When they came, in seconds since 1970.
        """
        while self.index and self.index[-1] >= first:
            self.index.pop()
            self.values.pop()
            self.used.pop()
        self.index.extend(range(first, first + len(values)))
        self.values.extend(values)
        self.used.extend(used for _ in values)

    def after(self, record: Record) -> "Missed":
        """Leave out what a snapshot holds.

        Parameters
        ----------
        record : Record
            The session's.

        Returns
        -------
        Missed
            Nothing, where the entries are of an earlier session under the same key.
        """
        kept = Missed(self.birth)
        if record.created_at != self.birth or record.dropped:
            return kept
        following = record.last_index + 1
        for index, value, used in zip(self.index, self.values, self.used, strict=True):
            if index == following:
                kept.index.append(index)
                kept.values.append(value)
                kept.used.append(used)
                following += 1
        return kept

    def append(self, sequence: int, key: str) -> Append:
        """Give the same as one entry of the journal.

        Parameters
        ----------
        sequence : int
            Its number.
        key : str
            Of the session.

        Returns
        -------
        Append
            Of consecutive steps, as ``after`` leaves them.
        """
        births, index = np.array([self.birth]), np.array([self.index[0]])
        return Append(sequence, [key], births, index, np.array([self.values]), self.used[-1])

    def shown(self, record: Record, ttl: float) -> Record:
        """Give how far the session is, as it can be known without its model: neither forecast nor scores.

        Parameters
        ----------
        record : Record
            Its snapshot.
        ttl : float
            Seconds that a session lives after its last use.

        Returns
        -------
        Record
            To be looked at, not to go on from.
        """
        digest = extend(bytes_of(record.digest), self.index[0], np.array([self.values]))
        return replace(
            record,
            last_index=self.index[-1],
            count=record.count + len(self.values),
            digest=text_of(digest),
            last_used=self.used[-1],
            expires_at=max(record.expires_at, self.used[-1] + ttl),
        )
