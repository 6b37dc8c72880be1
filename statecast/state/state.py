"""The state of a series as a value: one row of bytes, the same in memory, on disk and on the wire.

A row is the concatenation of named fields of fixed shape. ``StateSpec`` knows the layout, ``State`` is a batch of rows.
Rows are plain bytes so that a session store, a cache on a device and an exported file all hold the very same thing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from statecast.errors import InputError

_ALIGNMENT = 8


@dataclass(frozen=True)
class Field:
    """One named tensor of a row.

    Parameters
    ----------
    name : str
        Key of the field in a ``State``.
    shape : tuple of int
        Its shape without the batch.
    dtype : torch.dtype
        Its dtype.
    fill : float
        Value that a fresh row holds throughout.
    """

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    fill: float = 0.0

    @property
    def bytes(self) -> int:
        """Bytes of this field in a row, rounded up so that the next field is aligned."""
        size = prod(self.shape) * self.dtype.itemsize
        return -(-size // _ALIGNMENT) * _ALIGNMENT


def fresh_fields(fields: Iterable[Field], rows: int, device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """Return what fresh rows hold, field by field.

    Parameters
    ----------
    fields : iterable of Field
        The fields.
    rows : int
        How many rows, B.
    device : torch.device or str
        Where they lie.

    Returns
    -------
    dict of str to Tensor
        ``[B, *shape]`` by name.
    """
    return {
        field.name: torch.full((rows, *field.shape), field.fill, dtype=field.dtype, device=device) for field in fields
    }


class StateSpec:
    """The layout of a row.

    Parameters
    ----------
    fields : tuple of Field
        Fields in the order in which they lie in a row.

    Examples
    --------
    >>> spec = StateSpec((Field("count", (), torch.int64), Field("hidden", (3,), torch.float32)))
    >>> spec.row_bytes, spec.offsets
    (24, {'count': 0, 'hidden': 8})
    >>> spec.fresh(2)["hidden"].tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = {field.name: field for field in fields}
        self.offsets: dict[str, int] = {}
        offset = 0
        for field in fields:
            self.offsets[field.name] = offset
            offset += field.bytes
        self.row_bytes = offset

    def fresh(self, rows: int, device: torch.device | str = "cpu") -> "State":
        """Return rows of series of which nothing has been seen.

        Parameters
        ----------
        rows : int
            How many, B.
        device : torch.device or str
            Where they lie.

        Returns
        -------
        State
            ``B`` equal rows.
        """
        return self.pack(fresh_fields(self.fields.values(), rows, device))

    def pack(self, values: Mapping[str, Tensor]) -> "State":
        """Build rows from their fields.

        Parameters
        ----------
        values : mapping of str to Tensor
            One tensor ``[B, *shape]`` per field; those of fields without numbers may be left out.

        Returns
        -------
        State
            ``B`` rows.
        """
        parts: list[Tensor] = []
        for field in self.fields.values():
            if not field.bytes:  # a covariate block that this network does not have
                continue
            value = values[field.name].to(field.dtype)
            flat = value.reshape(value.shape[0], prod(field.shape)).contiguous().view(torch.uint8)
            if flat.shape[1] != field.bytes:
                flat = torch.nn.functional.pad(flat, (0, field.bytes - flat.shape[1]))
            parts.append(flat)
        return State(self, torch.cat(parts, dim=1))


@dataclass(frozen=True)
class State:
    """A batch of rows. Nothing here ever changes in place.

    Parameters
    ----------
    spec : StateSpec
        The layout.
    rows : Tensor
        ``[B, row_bytes]`` uint8.

    Raises
    ------
    InputError
        If the rows do not have the layout's width.
    """

    spec: StateSpec
    rows: Tensor

    def __post_init__(self) -> None:
        if self.rows.dim() != 2 or self.rows.shape[1] != self.spec.row_bytes or self.rows.dtype != torch.uint8:
            raise InputError(
                f"state: expected rows of {self.spec.row_bytes} bytes, got {tuple(self.rows.shape)} {self.rows.dtype}; "
                "it belongs to another network"
            )

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def __getitem__(self, name: str) -> Tensor:
        """Return one field of every row, ``[B, *shape]``, as a view."""
        field, offset = self.spec.fields[name], self.spec.offsets[name]
        size = prod(field.shape) * field.dtype.itemsize
        if not size:
            return self.rows.new_zeros((len(self), *field.shape), dtype=field.dtype)
        return self.rows[:, offset : offset + size].view(field.dtype).view(len(self), *field.shape)

    def replace(self, values: Mapping[str, Tensor]) -> "State":
        """Return these rows with some fields replaced.

        Parameters
        ----------
        values : mapping of str to Tensor
            New values ``[B, *shape]`` by field.

        Returns
        -------
        State
            B rows.
        """
        kept = {name: self[name] for name in self.spec.fields if name not in values}
        return self.spec.pack(kept | dict(values))

    def take(self, index: Tensor) -> "State":
        """Return some of the rows.

        Parameters
        ----------
        index : Tensor
            ``[N]`` int64.

        Returns
        -------
        State
            N rows, copied.
        """
        return State(self.spec, self.rows.index_select(0, index))

    def put(self, index: Tensor, other: "State") -> "State":
        """Return a copy with some rows replaced.

        Parameters
        ----------
        index : Tensor
            ``[N]`` int64, the rows to replace.
        other : State
            N rows to put there.

        Returns
        -------
        State
            As many rows as before.
        """
        return State(self.spec, self.rows.index_copy(0, index, other.rows))
