"""Named tensors: their types, what is wrong with them, and their bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from service.codecs.faults import raise_faults
from service.errors import Fault

BYTES = "BYTES"
NUMBERS = {"FP32": "<f4", "FP64": "<f8", "INT32": "<i4", "INT64": "<i8"}
"""Types that are read, with numpy's names of them. Others of the protocol have no use here."""
LENGTH_BYTES = 4
"""Before each text."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """A named array.

    Parameters
    ----------
    name : str
        As the client calls it.
    datatype : str
        ``FP32``, ``FP64``, ``INT32``, ``INT64`` or ``BYTES``.
    values : array
        In its shape: numbers, or an object array of texts.
    """

    name: str
    datatype: str
    values: NDArray[Any]

    @property
    def shape(self) -> list[int]:
        """Lengths of its axes."""
        return list(self.values.shape)

    def to_bytes(self) -> bytes:
        """Give its elements row by row; of texts each with its length before it."""
        if self.datatype != BYTES:
            return self.values.astype(NUMBERS[self.datatype]).tobytes()
        texts = [text.encode() for text in self.values.ravel()]
        return b"".join(len(text).to_bytes(LENGTH_BYTES, "little") + text for text in texts)


def refuse(name: str, message: str, *where: str | int) -> None:
    """Refuse a tensor.

    Parameters
    ----------
    name : str
        Of the tensor.
    message : str
        What was expected, what came, how to mend it.
    *where : str or int
        Place within it.

    Raises
    ------
    Unprocessable
        In any case.
    """
    raise_faults([Fault((name, *where), message)])


def check_tensor(tensor: Tensor, datatypes: Sequence[str], shape: Sequence[int | None]) -> None:
    """Refuse a tensor of another type or shape.

    Parameters
    ----------
    tensor : Tensor
        As it came.
    datatypes : sequence of str
        Those that are read.
    shape : sequence of (int or None)
        None stands for any length.

    Raises
    ------
    Unprocessable
        If it is another one.
    """
    if tensor.datatype not in datatypes:
        refuse(tensor.name, f"expected {' or '.join(datatypes)}, got {tensor.datatype}; convert it", "datatype")
    came = tensor.values.shape
    if len(came) != len(shape) or any(size not in (None, other) for size, other in zip(shape, came, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        refuse(tensor.name, f"expected shape [{wanted}], got {list(came)}; reshape it", "shape")


def values_of_rows(tensor: Tensor | None, rows: int, datatypes: Sequence[str] = (BYTES,)) -> NDArray[Any] | None:
    """Give one value per row.

    Parameters
    ----------
    tensor : Tensor or None
        Of shape ``[rows]``, or ``[rows, 1]`` as Triton's clients like to batch; None where it is left out.
    rows : int
        Of the request.
    datatypes : sequence of str
        Those that are read.

    Returns
    -------
    array, ``[rows]``, or None
        None where it is left out.

    Raises
    ------
    Unprocessable
        If it is of another type or shape.
    """
    if tensor is None:
        return None
    check_tensor(tensor, datatypes, (rows, 1) if tensor.values.ndim == 2 else (rows,))
    return tensor.values.reshape(rows)
