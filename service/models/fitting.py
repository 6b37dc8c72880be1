"""How a model came about that a job fitted: kept beside its artifact."""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

FITTED = "fitted.json"
"""Name of its file, beside the artifact."""


@dataclass(frozen=True)
class Fitting:
    """How a model came about, kept beside it.

    Parameters
    ----------
    owner : str
        Whose job fitted it.
    job : str
        Id of the job, and name of the model's folder.
    created : float
        When, in seconds since 1970.
    base : str or None
        The model that it was tuned from.
    steps : int or None
        Steps that were requested.
    freq : str or None
        Time between two values, as the request had it.
    """

    owner: str
    job: str
    created: float
    base: str | None = None
    steps: int | None = None
    freq: str | None = None

    @classmethod
    def read(cls, folder: Path) -> "Fitting | None":
        """Read what lies beside an artifact.

        Parameters
        ----------
        folder : Path
            Of the artifact.

        Returns
        -------
        Fitting or None
            None where no job fitted it; nobody's where it is damaged.
        """
        try:
            return cls(**orjson.loads((folder / FITTED).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            return cls("", folder.name, 0.0)

    def to_bytes(self) -> bytes:
        """Give it as its file holds it."""
        return orjson.dumps(asdict(self))
