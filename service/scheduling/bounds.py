"""How large batches and the queue of forecasts may be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """What bounds batches and the queue.

    Parameters
    ----------
    rows : int
        Rows of one batch.
    row_steps : int
        Rows times steps of one batch.
    queue : int
        Rows that are unfinished at a time.
    """

    rows: int
    row_steps: int
    queue: int
