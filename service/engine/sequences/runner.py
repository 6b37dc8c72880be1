"""A network that reads sequences, as ``service.sequences.task.SequenceBackend`` says."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from service.engine.state_cache import stored_rows
from service.errors import ServiceError
from service.sequences.task import Steps
from service.stores.interface import Store
from statecast.models.sequence_network import SequenceNetwork
from statecast.state.state import State

Output = TypeVar("Output")


class CarriedState(NamedTuple):
    """A row of a batch, and what the network said after it.

    Parameters
    ----------
    rows : Tensor, ``[M, bytes]``
        Rows of the batch.
    row : int
        Which of them is meant.
    output : Any
        What the network said then; None where it was not asked yet.
    """

    rows: Tensor
    row: int
    output: Any = None


class SequenceRunner(ABC, Generic[Output]):
    """Reads inputs with one model. A subclass knows what the network's output means.

    Parameters
    ----------
    network : SequenceNetwork
        Of the model.
    store : Store
        Where sessions are read from.
    """

    per_unit = 1
    at_once = 8192
    """Rows times steps of one piece of work, as long as which a forecast may wait."""
    longest = 256
    """Steps of a piece at most."""
    short = 1024
    """Steps up to which an input is read at once, where the network could also read it in pieces."""

    def __init__(self, network: SequenceNetwork[Output], store: Store) -> None:
        self.network, self._store = network, store
        self._device = next(network.parameters()).device
        self.carries = network.streaming == "exact"
        self.whole = self.short if self.carries else None
        self._empty = network.spec.fresh(1, self._device).rows

    @abstractmethod
    def read_whole(self, inputs: Tensor, lengths: Tensor) -> list[Any]:
        """Read inputs as a whole.

        Parameters
        ----------
        inputs : Tensor, ``[B, T, ...]``
            Padded.
        lengths : Tensor of int64, ``[B]``
            Steps of each.

        Returns
        -------
        list, ``[B]``
            What the network says of each; None where it is not finite.
        """

    @abstractmethod
    def read_on(self, inputs: Tensor, lengths: Tensor, state: State) -> tuple[list[Any], State]:
        """Read the next steps of inputs.

        Parameters
        ----------
        inputs : Tensor, ``[B, T, ...]``
            Padded; T may be 0.
        lengths : Tensor of int64, ``[B]``
            Steps of each.
        state : State
            B rows.

        Returns
        -------
        list, ``[B]``
            What the network says of all so far; None where it is not finite.
        State
            B rows.
        """

    @abstractmethod
    def nothing(self) -> Steps:
        """Give an input without a step.

        Returns
        -------
        array, ``[1, 0, ...]``
            As the network reads it.
        """

    def piece(self, left: int) -> int:
        """Give the steps that are read next; see ``SequenceBackend.piece``."""
        return min(left, self.longest)

    def run(self, inputs: Sequence[Steps]) -> list[Any]:
        """Read inputs as a whole; see ``SequenceBackend.run``."""
        with torch.inference_mode():
            return self.read_whole(*self._padded(inputs))

    def load_state(self, key: str | None) -> object:
        """Give the state of a session, or the empty one; see ``SequenceBackend.load_state``.

        Raises
        ------
        ExpiredSession, Loading
            If the session's state is gone, or the store cannot be read.
        """
        if key is None:
            return CarriedState(self._empty, 0)
        rows = stored_rows(self._store.state, key, 1, self._empty)
        if isinstance(rows, ServiceError):
            raise rows
        return CarriedState(rows, 0)

    def advance(self, states: Sequence[object], pieces: Sequence[Steps]) -> list[object | None]:
        """Read the next steps of several inputs; see ``SequenceBackend.advance``."""
        return self._advanced(states, *self._padded(pieces))

    def output(self, state: object, final: bool) -> Any:  # noqa: ARG002
        """Give what the network says of all that was read; see ``SequenceBackend.output``."""
        carried = cast(CarriedState, state)
        if carried.output is not None:
            return carried.output
        nothing = torch.from_numpy(self.nothing()).to(self._device)
        found = self._advanced([carried], nothing, torch.zeros(1, dtype=torch.int64, device=self._device))[0]
        return None if found is None else cast(CarriedState, found).output

    def export_state(self, state: object) -> tuple[str, bytes]:
        """Give digest and bytes of a state; see ``SequenceBackend.export_state``."""
        carried = cast(CarriedState, state)
        data = carried.rows[carried.row].cpu().numpy().tobytes()
        return "sha256:" + hashlib.sha256(data).hexdigest(), data

    def _advanced(self, states: Sequence[object], inputs: Tensor, lengths: Tensor) -> list[object | None]:
        rows = [one.rows[one.row : one.row + 1] for one in cast(Sequence[CarriedState], states)]
        before = State(self.network.spec, rows[0] if len(rows) == 1 else torch.cat(rows))
        with torch.inference_mode():
            found, after = self.read_on(inputs, lengths, before)
        return [None if one is None else CarriedState(after.rows, row, one) for row, one in enumerate(found)]

    def _padded(self, pieces: Sequence[Steps]) -> tuple[Tensor, Tensor]:
        lengths = np.array([len(piece) for piece in pieces])
        padded = np.zeros((len(pieces), lengths.max(), *pieces[0].shape[1:]), dtype=pieces[0].dtype)
        for row, piece in zip(padded, pieces, strict=True):
            row[: len(piece)] = piece
        return torch.from_numpy(padded).to(self._device), torch.from_numpy(lengths).to(self._device)
