"""Rows of a cache as a state: fields are read where they lie, and those that change are written there."""

from collections.abc import Mapping
from math import prod

from torch import Tensor

from statecast.state.state import State, StateSpec


class SlotState(State):
    """Some rows of a cache.

    ``replace`` writes into the cache: of a row, only what changes. So this is no value, and whoever keeps one reads
    what others have written since; it is for one step.

    Parameters
    ----------
    spec : StateSpec
        The layout.
    cache : Tensor
        ``[N, row_bytes]`` uint8.
    slots : Tensor
        ``[B]`` int64, the rows.

    Examples
    --------
    >>> import torch
    >>> from statecast.state.state import Field
    >>> spec = StateSpec((Field("count", (), torch.int64), Field("hidden", (2,), torch.float32)))
    >>> cache = spec.fresh(3).rows
    >>> state = SlotState(spec, cache, torch.tensor([2, 0])).replace({"count": torch.tensor([5, 7])})
    >>> state["count"].tolist(), State(spec, cache)["count"].tolist()
    ([5, 7], [7, 0, 5])
    """

    slots: Tensor
    _read: dict[str, Tensor]

    def __init__(self, spec: StateSpec, cache: Tensor, slots: Tensor) -> None:
        super().__init__(spec, cache)
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "_read", {})

    def __len__(self) -> int:
        return int(self.slots.shape[0])

    def __getitem__(self, name: str) -> Tensor:
        """Return one field of every row, ``[B, *shape]``, copied."""
        if name not in self._read:
            field = self.spec.fields[name]
            if prod(field.shape):
                self._read[name] = self._field(name).index_select(0, self.slots)
            else:
                self._read[name] = self.rows.new_zeros((len(self), *field.shape), dtype=field.dtype)
        return self._read[name]

    def replace(self, values: Mapping[str, Tensor]) -> State:
        """Write fields into the cache; see ``State.replace``."""
        for name, value in values.items():
            field = self.spec.fields[name]
            if prod(field.shape):
                there = self._field(name)
                there.index_copy_(0, self.slots, value.to(field.dtype).reshape(len(self), *field.shape))
        return SlotState(self.spec, self.rows, self.slots)

    def take(self, index: Tensor) -> State:
        """Return some of the rows; see ``State.take``."""
        return State(self.spec, self.rows.index_select(0, self.slots.index_select(0, index)))

    def _field(self, name: str) -> Tensor:
        """The field of all rows of the cache, in its memory."""
        field, offset = self.spec.fields[name], self.spec.offsets[name]
        size = prod(field.shape) * field.dtype.itemsize
        there = self.rows[:, offset : offset + size].view(field.dtype)
        return there.view(len(self.rows), *field.shape)
