"""Memory on both sides of a device that stays where it is: arrays go over in one copy, results come back in one."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.state.state import Field, StateSpec


class Inbox:
    """Arrays of one batch size on the host and on a device.

    Parameters
    ----------
    fields : sequence of Field
        Each array by name, with its shape after the batch.
    size : int
        Rows of the batch, b.
    device : torch.device
        Where they are read.

    Attributes
    ----------
    there : dict of str to Tensor
        ``[b, *shape]`` on the device, always the same memory.
    """

    def __init__(self, fields: Sequence[Field], size: int, device: torch.device) -> None:
        whole = tuple(Field(field.name, (size, *field.shape), field.dtype) for field in fields)
        self._spec = StateSpec(whole)
        self._pinned = torch.zeros((1, self._spec.row_bytes), dtype=torch.uint8, pin_memory=device.type == "cuda")
        self._device = torch.zeros((1, self._spec.row_bytes), dtype=torch.uint8, device=device)
        self._sent = torch.cuda.Event() if device.type == "cuda" else None
        self._here = {field.name: self._part(self._pinned, field).numpy() for field in whole}
        self.there = {field.name: self._part(self._device, field) for field in whole}

    def _part(self, memory: Tensor, field: Field) -> Tensor:
        if not prod(field.shape):
            return torch.zeros(field.shape, dtype=field.dtype, device=memory.device)
        begin = self._spec.offsets[field.name]
        return memory[0, begin : begin + prod(field.shape) * field.dtype.itemsize].view(field.dtype).view(field.shape)

    @torch.inference_mode()
    def send(self, count: int, arrays: Mapping[str, NDArray[Any]], rest: Mapping[str, float]) -> None:
        """Bring arrays over.

        Parameters
        ----------
        count : int
            Rows that there are, the first of the batch.
        arrays : mapping of str to ndarray
            ``[count, ...]`` by field; one that is shorter along its second dim fills its beginning.
        rest : mapping of str to float
            What the other rows of a field hold, where it matters.
        """
        if self._sent is not None:
            self._sent.synchronize()  # the copy before may still be on its way
        for name, array in arrays.items():
            place = self._here[name]
            if array.ndim > 1 and array.shape[1] < place.shape[1]:
                place[:count, : array.shape[1]] = array
            else:
                place[:count] = array
        for name, value in rest.items():
            self._here[name][count:] = value
        self._device.copy_(self._pinned, non_blocking=True)
        if self._sent is not None:
            self._sent.record()


class Outbox:
    """Results of one batch size, packed on the device and fetched to the host.

    Parameters
    ----------
    results : mapping of str to Tensor
        Results as they come, ``[b, ...]``; their shapes and dtypes are kept.
    """

    def __init__(self, results: Mapping[str, Tensor]) -> None:
        self._fields = [Field(name, tuple(value.shape), value.dtype) for name, value in results.items()]
        self._spec = StateSpec(tuple(self._fields))
        device = next(iter(results.values())).device
        shape = 1, self._spec.row_bytes
        self._pinned = torch.zeros(shape, dtype=torch.uint8, pin_memory=device.type == "cuda")

    def pack(self, results: Mapping[str, Tensor]) -> Tensor:
        """Put results together; part of what is captured.

        Parameters
        ----------
        results : mapping of str to Tensor
            As at first.

        Returns
        -------
        Tensor
            ``[1, bytes]`` uint8.
        """
        return self._spec.pack({name: value[None] for name, value in results.items()}).rows

    @torch.inference_mode()
    def fetch(self, packed: Tensor, count: int) -> dict[str, NDArray[Any]]:
        """Bring results to the host, and wait for them.

        Parameters
        ----------
        packed : Tensor
            What ``pack`` gave.
        count : int
            Rows that are wanted, the first of the batch.

        Returns
        -------
        dict of str to ndarray
            ``[count, ...]`` in memory of their own.
        """
        self._pinned.copy_(packed, non_blocking=True)
        if packed.device.type == "cuda":
            torch.cuda.current_stream().synchronize()
        memory, found = self._pinned.numpy()[0], {}
        for field in self._fields:
            begin, length = self._spec.offsets[field.name], prod(field.shape) * field.dtype.itemsize
            dtype = np.dtype(str(field.dtype).removeprefix("torch."))
            found[field.name] = memory[begin : begin + length].view(dtype).reshape(field.shape)[:count].copy()
        return found
