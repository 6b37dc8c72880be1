"""Which inputs are read together next: those of one model whose pieces are about as long as that of the oldest one."""

from collections.abc import Mapping, Sequence

from service.sequences.task import SequenceBackend, SequenceTask

NEAR = 1.6
"""Pieces that are read together differ in length by no more than this: what the shorter ones lack is padding."""


def is_whole(task: SequenceTask, backend: SequenceBackend) -> bool:
    """Whether an input is read at once: it has no session, has not begun, and is short or cannot be cut.

    Parameters
    ----------
    task : SequenceTask
        The input.
    backend : SequenceBackend
        Its network.
    """
    whole = backend.whole
    return task.record is None and task.state is None and (whole is None or task.left <= whole)


def piece_of(task: SequenceTask, backend: SequenceBackend) -> int:
    """Give the steps of an input that are read next.

    Parameters
    ----------
    task : SequenceTask
        The input.
    backend : SequenceBackend
        Its network.

    Returns
    -------
    int
        0 where nothing is left.
    """
    return task.left if not task.left or is_whole(task, backend) else backend.piece(task.left)


def select(tasks: Sequence[SequenceTask], backends: Mapping[str, SequenceBackend], rows: int) -> set[int]:
    """Choose what is read now.

    Parameters
    ----------
    tasks : sequence of SequenceTask
        What waits, the oldest first; at least one.
    backends : mapping of str to SequenceBackend
        Networks, by their name in a task.
    rows : int
        Inputs that are read together at most.

    Returns
    -------
    set of int
        Places in ``tasks``, the oldest among them.
    """
    first = tasks[0]
    backend = backends[first.model]
    whole, length = is_whole(first, backend), piece_of(first, backend)
    near = [
        (abs(piece - length), place, piece)
        for place, task in enumerate(tasks)
        if task.model == first.model
        and is_whole(task, backend) == whole
        and length / NEAR <= (piece := piece_of(task, backend)) <= length * NEAR
    ]
    chosen: set[int] = set()
    longest = length
    for _, place, piece in sorted(near):
        longest = max(longest, piece)
        if chosen and (len(chosen) == rows or (len(chosen) + 1) * longest > backend.at_once):
            break
        chosen.add(place)
    return chosen
