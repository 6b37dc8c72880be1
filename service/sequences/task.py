"""What travels between the loop and the engine to have one input read, and what comes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from service.errors import ServiceError
from service.stores.interface import Record

Steps = NDArray[Any]
"""Tokens ``[T]`` (int64), values ``[T, C]`` (float64) of C channels, or samples ``[T]`` (float32)."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What the network has made of an input.

    Parameters
    ----------
    output : Any
        Arrays, of which only the service of that kind of model knows more.
    record : Record or None
        The session as the store holds it now.
    """

    output: Any
    record: Record | None = None


Outcome = Reading | ServiceError


@dataclass(eq=False, slots=True)
class SequenceTask:
    """An input at work. Only the engine's thread changes it, but for ``cancelled``."""

    model: str
    """Name of the backend that reads it."""
    unread: Steps
    """What is still to be read; nothing where a session is only asked again."""
    deadline: float
    """``time.monotonic()`` after which it is dropped, unless its last piece is being read."""
    receive: Callable[[Outcome], None]
    """Called on the loop, once."""
    key: str | None = None
    """Of the session that goes on, if any."""
    fresh: bool = True
    """Whether to begin from the empty state."""
    record: Record | None = None
    """The session as it will stand, but for what is known of its new state."""
    receipt: str = ""
    """See ``with_receipt``."""
    final: bool = True
    """Whether it is answered as if nothing came after it."""
    cancelled: ServiceError | None = None
    """Why it was given up; the engine reads it before the next piece."""
    state: object = None
    """Of which only the backend knows more; None before the first piece, and where it is read whole."""
    output: Any = None
    """What the network says of it, where it was read whole."""

    @property
    def left(self) -> int:
        """Steps that are not read yet."""
        return len(self.unread)


class SequenceBackend(Protocol):
    """One model's network, as far as the queue must know it."""

    per_unit: int
    """Steps that cost about as much as one of other networks: samples of sound are cheaper than words."""
    at_once: int
    """Rows times steps of one piece of work at most, where it is more than one row."""
    whole: int | None
    """Steps up to which an input without a session is read at once; None where states are not carried."""

    def piece(self, left: int) -> int:
        """Give the steps that are read next of an input that is read in pieces.

        Parameters
        ----------
        left : int
            Steps that are left, at least one.

        Returns
        -------
        int
            At least one.
        """

    def run(self, inputs: Sequence[Steps]) -> list[Any]:
        """Read inputs as a whole.

        Parameters
        ----------
        inputs : sequence of array
            At least one step of each; they may differ in length.

        Returns
        -------
        list, ``[B]``
            What the network says of each; None where that is not finite.
        """

    def load_state(self, key: str | None) -> object:
        """Give the state of a session, or the empty one.

        Parameters
        ----------
        key : str or None
            Of the session; None for the empty state.

        Returns
        -------
        object
            One row of state, of which only the backend knows more.

        Raises
        ------
        ServiceError
            If the session's state cannot be read.
        """

    def advance(self, states: Sequence[object], pieces: Sequence[Steps]) -> list[object | None]:
        """Read the next steps of several inputs.

        Parameters
        ----------
        states : sequence of object, ``[B]``
            Before them.
        pieces : sequence of array
            At least one step of each, of about the same length.

        Returns
        -------
        list of (object or None), ``[B]``
            States after them; None where what the network says then is not finite.
        """

    def output(self, state: object, final: bool) -> Any:
        """Give what the network says of all that was read.

        Parameters
        ----------
        state : object
            After at least one step.
        final : bool
            Whether nothing comes after it; the state stays as it is.

        Returns
        -------
        Any
            As ``run`` gives it.
        """

    def export_state(self, state: object) -> tuple[str, bytes]:
        """Give digest and bytes of a state.

        Parameters
        ----------
        state : object
            Of one input.

        Returns
        -------
        str
            Digest ``sha256:…`` of the bytes.
        bytes
            What the store keeps.
        """
