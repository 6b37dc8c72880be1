"""Rows of state on the device: those of live sessions in one tensor, others read from the store."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from service.errors import ExpiredSession, Loading, ServiceError
from service.scheduling.job import Lease
from service.stores.interface import StoreError
from statecast.models.interface import SeriesNetwork
from statecast.models.slot_network import Cache


def device_of(wanted: str) -> str:
    """Turn ``auto`` into ``cuda`` where there is a GPU and ``cpu`` elsewhere; other names stay.

    Parameters
    ----------
    wanted : str
        As ``STATECAST_DEVICE`` has it.

    Returns
    -------
    str
        Name of a torch device.
    """
    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted


class StateCache:
    """States of live sessions: one row per slot of one tensor on the device. Slot 0 is padding.

    The tensor grows as slots are used, because most seasons of a family have few sessions or none. ``generations`` says
    whose rows lie in a slot; 0 means that they are not to be used.

    Parameters
    ----------
    capacity : int
        Slots, slot 0 not counted.
    network : SeriesNetwork
        Whose states they are.

    Attributes
    ----------
    held : int
        Rows that the tensor has by now.
    """

    FIRST = 16
    """Rows to begin with."""

    def __init__(self, capacity: int, network: SeriesNetwork) -> None:
        self.device = next(network.parameters()).device
        self._host: NDArray[np.uint8] | None = None
        self.held = min(capacity + 1, self.FIRST)
        self.rows = self._zeros(self.held, network.spec.row_bytes)
        self.generations = np.zeros(capacity + 1, dtype=np.int64)

    def holds(self, lease: Lease) -> bool:
        """Whether the lease's own rows lie here.

        Parameters
        ----------
        lease : Lease
            Of a session that has the turn.
        """
        return all(int(self.generations[slot]) == lease.generation for slot in lease.slots)

    def put(self, leases: Iterable[Lease], index: list[int], rows: Tensor) -> None:
        """Write rows to slots.

        Parameters
        ----------
        leases : iterable of Lease
            Whose slots, in order.
        index : list of int
            Which rows, one per slot.
        rows : Tensor, ``[M, bytes]``
            States of a batch.
        """
        places = [slot for lease in leases for slot in lease.slots]
        slots = self._index(places)
        for lease in leases:
            self._mark(lease, 0)
        self._hold(max(places))
        self.rows.index_copy_(0, slots, rows if len(index) == len(rows) else rows[self._index(index)])
        for lease in leases:
            self._mark(lease, lease.generation)

    def take(self, slots: list[int]) -> Tensor:
        """Copy rows.

        Parameters
        ----------
        slots : list of int
            Which, M of them.

        Returns
        -------
        Tensor, ``[M, bytes]``
            In the order of the slots.
        """
        return self.rows.index_select(0, self._index(slots))

    def holds_all(self, slots: NDArray[np.int64], generations: NDArray[np.int64]) -> bool:
        """Whether the rows of several sessions of one variable lie here.

        Parameters
        ----------
        slots : array of int64, ``[B]``
            Slot of each.
        generations : array of int64, ``[B]``
            Of their leases.
        """
        found: list[int] = self.generations[slots].tolist()
        return bool(found == generations.tolist())

    def move(self, slots: NDArray[np.int64], spares: NDArray[np.int64]) -> None:
        """Let rows in spare slots be those of their sessions from now on.

        Parameters
        ----------
        slots : array of int64, ``[B]``
            Where the sessions' rows were.
        spares : array of int64, ``[B]``
            Where their next rows were written to.
        """
        self.generations[spares] = self.generations[slots]
        self.generations[slots] = 0

    def bytes_of(self, lease: Lease) -> bytes:
        """Copy a session's rows to the host.

        Parameters
        ----------
        lease : Lease
            Whose rows lie here.

        Returns
        -------
        bytes
            As the store keeps them.

        Raises
        ------
        LookupError
            If they lie here no longer: what lies in their place is another session's, or nothing.
        """
        if not self.holds(lease):
            raise LookupError(f"the state cache does not hold the rows of session {lease.key}")
        slots, rows = list(lease.slots), self.rows
        return (rows[slots].cpu().numpy() if rows.is_cuda else rows.numpy()[slots]).tobytes()

    def _zeros(self, rows: int, width: int) -> Tensor:
        """On the CPU rows are numpy's memory: one made of a tensor costs compiled code a millisecond per call."""
        if self.device.type != "cpu":
            return torch.zeros((rows, width), dtype=torch.uint8, device=self.device)
        self._host = np.zeros((rows, width), dtype=np.uint8)
        return torch.from_numpy(self._host)

    def hold(self, slot: int) -> Cache:
        """Make room, and give all rows.

        Parameters
        ----------
        slot : int
            The highest that is needed.

        Returns
        -------
        Cache, ``[N, bytes]``
            The cache's own memory.
        """
        self._hold(slot)
        return self.rows if self._host is None else self._host

    def _hold(self, slot: int) -> None:
        """Grow to at least twice the size if this slot has no row yet."""
        if slot >= self.held:
            held = min(max(2 * self.held, slot + 1), len(self.generations))
            rows = self._zeros(held, self.rows.shape[1])
            rows[: self.held] = self.rows
            self.rows, self.held = rows, held  # whole by now: the loop may copy the rows of one that gives way

    def _mark(self, lease: Lease, generation: int) -> None:
        for slot in lease.slots:
            self.generations[slot] = generation

    def _index(self, places: list[int]) -> Tensor:
        return torch.tensor(places, device=self.device)


def stored_rows(read: Callable[[str], bytes | None], key: str, rows: int, like: Tensor) -> Tensor | ServiceError:
    """Read the rows that the store keeps for a session.

    Parameters
    ----------
    read : callable
        Gives the state of a session, None where there is none.
    key : str
        Of the session.
    rows : int
        Its variables V.
    like : Tensor, ``[M, bytes]``
        Rows of the same network, for width and device.

    Returns
    -------
    Tensor ``[V, bytes]``, or ServiceError
        ``ExpiredSession`` where the state is gone, ``Loading`` where the store failed.
    """
    try:
        return rows_of(read(key), rows, like)
    except StoreError as error:
        return Loading(f"sessions: {error}", code="store_failed")


def rows_of(state: bytes | None, rows: int, like: Tensor) -> Tensor | ServiceError:
    """Give rows that were kept as bytes.

    Parameters
    ----------
    state : bytes or None
        The rows, None where there are none.
    rows : int
        Their number V.
    like : Tensor, ``[M, bytes]``
        Rows of the same network, for width and device.

    Returns
    -------
    Tensor ``[V, bytes]``, or ServiceError
        ``ExpiredSession`` where the state is gone.
    """
    if state is None or len(state) != like.shape[1] * rows:
        return ExpiredSession("the session's state is no longer kept; DELETE it and begin again with the whole history")
    return torch.frombuffer(bytearray(state), dtype=torch.uint8).view(rows, -1).to(like.device)


def tensor_of(array: NDArray[np.generic], device: torch.device) -> Tensor:
    """Put an array on a device.

    Parameters
    ----------
    array : array
        Of any shape and type.
    device : torch.device
        Where to.

    Returns
    -------
    Tensor
        On the CPU it shares the array's memory where that is contiguous.
    """
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)
