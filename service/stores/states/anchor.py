"""An earlier state of a session, from which it is read again where an observation comes late or is corrected."""

from typing import NamedTuple


class Anchor(NamedTuple):
    """A session as it stood some steps ago; all steps since are among those that it keeps.

    Parameters
    ----------
    last_index : int
        Time index of the last step that the state has read.
    digest : str
        ``Record.digest`` at that step; "" with the empty state.
    level : tuple of float
        ``Record.level`` at that step.
    below_zero : tuple of bool
        ``Record.below_zero`` at that step.
    state : bytes
        Its rows of state; none for the empty state.
    """

    last_index: int
    digest: str
    level: tuple[float, ...]
    below_zero: tuple[bool, ...]
    state: bytes = b""
