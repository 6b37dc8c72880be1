"""How far the work on a job is, as the one who works on it knows it before the store does."""

from dataclasses import dataclass, fields, replace
from typing import Any

from service.jobs.record import JobRecord


@dataclass
class Progress:
    """Changed as parts are done.

    Parameters
    ----------
    model : dict or None
        What forecasts.
    plan : str
        What the parts depend on.
    total : int or None
        Series in the file.
    done, failed : int
        Series that are done, and those of them that carry an error.
    tries : int
        See ``JobRecord``.
    training : dict or None
        See ``JobRecord``.
    """

    model: dict[str, str] | None = None
    plan: str = ""
    total: int | None = None
    done: int = 0
    failed: int = 0
    tries: int = 0
    training: dict[str, Any] | None = None

    @classmethod
    def of(cls, record: JobRecord) -> "Progress":
        """Begin where the store has it.

        Parameters
        ----------
        record : JobRecord
            The job.
        """
        return cls(**{one.name: getattr(record, one.name) for one in fields(cls)})

    def noted(self, record: JobRecord) -> JobRecord:
        """Give the job as it stands.

        Parameters
        ----------
        record : JobRecord
            As the store has it.
        """
        return replace(record, **{one.name: getattr(self, one.name) for one in fields(self)})
