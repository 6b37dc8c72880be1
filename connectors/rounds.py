"""Observations dealt into requests: many sessions in each, one value of each, in the order in which they came."""

from collections.abc import Iterator, Sequence

from connectors.observation import Observation


def deal(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Deal observations into rounds. One round is to be answered before the next is sent.

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
    >>> [[one.session for one in each] for each in deal([value("a"), value("a"), value("b")])]
    [['a', 'b'], ['a']]
    """
    rounds: list[list[Observation]] = []
    before: dict[str, int] = {}
    for one in observations:
        place = before[one.session] = before.get(one.session, 0) + 1
        if place > len(rounds):
            rounds.append([])
        rounds[place - 1].append(one)
    yield from rounds
