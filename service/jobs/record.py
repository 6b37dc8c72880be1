"""What is kept of a job beside its files."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

import orjson

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
UNFINISHED = ("queued", "running")
FIT = "fit"
"""The kind of the jobs that train a model, which have turns of their own."""


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """A job as it stands. Times are seconds since 1970.

    Parameters
    ----------
    id : str
        Its name in paths and in the folder of files.
    owner : str
        Whose it is.
    kind : str
        What is done with the file.
    status : Status
        How far it is.
    created : float
        When its file had come.
    until : float
        When it may be forgotten; of an unfinished job moved on as it goes on.
    content_type, encoding : str
        Of the file, as the request's headers had them.
    query : dict of str to str
        Parameters of the work.
    result_type : str
        Content type of the result.
    size : int
        Bytes of the file.
    folder : str
        Identity of the folder in which its files lie; only who has that folder can work on it.
    request_id : str
        Of the request that brought it; repeated in failures.
    started, finished : float or None
        When work on it first began, and when it ended.
    model : dict or None
        Name, version and digest of what forecasts.
    plan : str
        What its parts depend on; parts of another plan are of no use.
    done, failed : int
        Series that are done, and those of them that carry an error.
    total : int or None
        Series in the file, once it is read.
    tries : int
        Times that work on it began since the last part was done.
    holder : str
        Who works on it.
    lease : float
        Until when nobody else may.
    training : dict or None
        Of a job that fits: how far its training is.
    error : dict or None
        Members of ``application/problem+json``, where it failed.
    summary : dict
        What its kind says of the whole result.
    result_size : int or None
        Bytes of the result.
    """

    id: str
    owner: str
    kind: str
    created: float
    until: float
    content_type: str
    result_type: str
    size: int
    folder: str
    request_id: str
    status: Status = "queued"
    encoding: str = ""
    query: dict[str, str] = field(default_factory=dict)
    started: float | None = None
    finished: float | None = None
    model: dict[str, str] | None = None
    plan: str = ""
    done: int = 0
    failed: int = 0
    total: int | None = None
    tries: int = 0
    holder: str = ""
    lease: float = 0.0
    training: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    result_size: int | None = None

    @property
    def unfinished(self) -> bool:
        """Whether there is work left."""
        return self.status in UNFINISHED

    def ended(self, status: Status, now: float, kept_s: float) -> "JobRecord":
        """Give it as one that nobody works on any more.

        Parameters
        ----------
        status : Status
            How it ended.
        now : float
            When.
        kept_s : float
            Seconds for which it is kept.
        """
        return replace(self, status=status, finished=now, until=now + kept_s, holder="", lease=0.0)

    def to_bytes(self) -> bytes:
        """Give it as a store keeps it."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_bytes(cls, content: bytes) -> "JobRecord":
        """Give back what ``to_bytes`` gave; what a later release added is left out.

        Parameters
        ----------
        content : bytes
            As a store kept it.

        Raises
        ------
        ValueError, TypeError
            If it is damaged.
        """
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in orjson.loads(content).items() if name in known})
