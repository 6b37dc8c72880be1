"""What a streamed request asks for, however it was written."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.models.terms import Options


@dataclass(eq=False, slots=True)
class StreamedBody:
    """One new observation of each of N sessions.

    Parameters
    ----------
    sessions : list of str
        Ids of the sessions, as the client wrote them; each once.
    values : array of float64, ``[N]``
        The observations.
    starts : list of (str or None)
        Time of each as the body has it; None where it gives none.
    freqs : list of (str or None)
        Likewise.
    indices : list of (int or None)
        Step index of each likewise.
    item_ids : list of (str or None)
        Likewise.
    options : Options
        What stands beside them.
    """

    sessions: list[str]
    values: NDArray[np.float64]
    starts: list[str | None]
    freqs: list[str | None]
    indices: list[int | None]
    item_ids: list[str | None]
    options: Options = field(default_factory=Options)
