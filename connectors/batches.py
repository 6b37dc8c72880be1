"""Observations split into requests: many sessions in each, one value of each, in the order in which they came."""

from collections.abc import Iterator, Sequence

from connectors.observation import Observation


def split_batches(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Split observations into batches. One batch is to be answered before the next is sent.

    Parameters
    ----------
    observations : sequence of Observation
        In the order in which they came.

    Yields
    ------
    list of Observation
        At most one of each session.

    Examples
    --------
    >>> def value(session: str) -> Observation:
    ...     return Observation(session, {}, None)
    >>> [[one.session for one in each] for each in split_batches([value("a"), value("a"), value("b")])]
    [['a', 'b'], ['a']]
    """
    batches: list[list[Observation]] = []
    before: dict[str, int] = {}
    for one in observations:
        place = before[one.session] = before.get(one.session, 0) + 1
        if place > len(batches):
            batches.append([])
        batches[place - 1].append(one)
    yield from batches
