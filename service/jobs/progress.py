"""How far the work on a job is, as the one who works on it knows it before the store does."""

from dataclasses import dataclass, replace

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
    """

    model: dict[str, str] | None = None
    plan: str = ""
    total: int | None = None
    done: int = 0
    failed: int = 0
    tries: int = 0

    @classmethod
    def of(cls, record: JobRecord) -> "Progress":
        """Begin where the store has it.

        Parameters
        ----------
        record : JobRecord
            The job.
        """
        return cls(record.model, record.plan, record.total, record.done, record.failed, record.tries)

    def noted(self, record: JobRecord) -> JobRecord:
        """Give the job as it stands.

        Parameters
        ----------
        record : JobRecord
            As the store has it.
        """
        return replace(
            record, model=self.model, plan=self.plan, total=self.total, done=self.done, failed=self.failed,
            tries=self.tries,
        )  # fmt: skip
