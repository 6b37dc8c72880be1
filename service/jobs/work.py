"""What is done with the file of a job, as the runner sees it: parts, one after the other."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from service.deadline import Deadline
from service.jobs.progress import Progress
from service.jobs.record import JobRecord


class Part(NamedTuple):
    """What came of some series.

    Parameters
    ----------
    content : bytes
        Their rows of the result, see ``result.write_part``.
    failed : int
        How many of them carry an error.
    """

    content: bytes
    failed: int


class JobWork(Protocol):
    """A file that was read.

    Attributes
    ----------
    plan : str
        What the parts depend on: the same file comes to other parts by another model, or another release.
    bounds : sequence of int
        Where parts begin and end: series of part k are those from ``bounds[k]`` to ``bounds[k + 1]``.
    """

    plan: str
    bounds: Sequence[int]

    @property
    def model(self) -> dict[str, str] | None:
        """Name, version and digest of what forecasts; None until there is one."""

    async def part(self, number: int, deadline: Deadline, progress: Progress) -> Part:
        """Do a part.

        Parameters
        ----------
        number : int
            Counted from 0.
        deadline : Deadline
            Left where nobody wants it any more.
        progress : Progress
            Takes what is to be known before the part is done.

        Returns
        -------
        Part
            Its series may have failed, each alone.

        Raises
        ------
        ServiceError
            If it could not be done now.
        """

    def summary(self, notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Say what is to be said of the whole result.

        Parameters
        ----------
        notes : sequence of dict
            What each part noted, see ``result.write_part``.
        """


Reader = Callable[[JobRecord, bytes, Deadline], JobWork]
"""Reads the file of a job, on a thread; raises ``ServiceError`` where it is wrong."""
