"""Tensors off the wire: their shapes, their bytes, their lists in JSON."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.codecs.faults import quoted
from service.codecs.json_document import as_list, is_list
from service.codecs.number_array import first_too_large
from service.protocols.open_inference.inference.tensor import BYTES, LENGTH_BYTES, NUMBERS, Tensor, refuse

_PLAIN = b"0123456789+-.eE,nul \t\r\n"


def read_shape(name: str, shape: Any, most: int) -> tuple[int, ...]:
    """Read the shape of a tensor.

    Parameters
    ----------
    name : str
        Of the tensor.
    shape : list
        As it came.
    most : int
        Elements allowed.

    Returns
    -------
    tuple of int
        From 0 each.

    Raises
    ------
    Unprocessable
        If it is no list of whole numbers from 0, or stands for too many elements.
    """
    whole = as_list(shape) if is_list(shape) else shape
    if not isinstance(whole, (list, tuple)) or not all(type(size) is int and size >= 0 for size in whole):
        refuse(name, f"expected a list of whole numbers from 0, got {quoted(whole)}", "shape")
    if len(whole) > 4 or prod(whole) > most:
        message = f"expected at most 4 axes and {most} elements (STATECAST_MAX_VALUES), got {list(whole)[:5]}"
        refuse(name, f"{message}; send fewer rows at a time", "shape")
    return tuple(whole)


def check_datatype(name: str, datatype: Any) -> str:
    """Read the type of a tensor.

    Parameters
    ----------
    name : str
        Of the tensor.
    datatype : str
        As it came.

    Returns
    -------
    str
        One that is read.

    Raises
    ------
    Unprocessable
        If it is another one.
    """
    if not isinstance(datatype, str) or datatype not in (*NUMBERS, BYTES):
        refuse(name, f"expected {', '.join(NUMBERS)} or {BYTES}, got {quoted(datatype)}; convert it", "datatype")
    return str(datatype)


def tensor_of_bytes(name: str, datatype: str, shape: tuple[int, ...], data: bytes) -> Tensor:
    """Read a tensor off the wire.

    Parameters
    ----------
    name, datatype, shape
        As ``check_datatype`` and ``read_shape`` gave them.
    data : bytes
        Its elements row by row, little-endian.

    Returns
    -------
    Tensor
        Numbers are a view of the bytes.

    Raises
    ------
    Unprocessable
        If they are not as many as the shape says, or no texts.
    """
    if datatype == BYTES:
        return _tensor_of(name, BYTES, shape, _texts(name, data, prod(shape)))
    kind = np.dtype(NUMBERS[datatype])
    if len(data) != prod(shape) * kind.itemsize:
        expected = f"expected {prod(shape) * kind.itemsize} bytes, as {datatype} of shape {list(shape)} has"
        refuse(name, f"{expected}, got {len(data)}; correct the shape, the datatype or binary_data_size")
    return _tensor_of(name, datatype, shape, np.frombuffer(data, kind))


def tensor_of_values(name: str, datatype: str, shape: tuple[int, ...], values: Any) -> Tensor:
    """Read a tensor that came as a list, flat or one list within another.

    Parameters
    ----------
    name, datatype, shape
        As ``check_datatype`` and ``read_shape`` gave them.
    values : list
        The parser's, or a plain one.

    Returns
    -------
    Tensor
        ``null`` among numbers is NaN.

    Raises
    ------
    Unprocessable
        If it holds something else than the datatype says, or not as many as the shape says.
    """
    if not is_list(values):
        refuse(name, f"expected a list, got {quoted(values)}", "data")
    if datatype == BYTES:
        found = np.array([_text(name, value) for value in _flat(as_list(values))], object)
    else:
        found = _numbers(name, values)
        if datatype.startswith("INT") and not np.array_equal(found, np.trunc(found)):
            refuse(name, f"expected whole numbers, as {datatype} says, got others; use FP64", "data")
    if found.size != prod(shape):
        refuse(name, f"expected {prod(shape)} elements, as shape {list(shape)} has, got {found.size}", "data")
    return _tensor_of(name, datatype, shape, found)


def _tensor_of(name: str, datatype: str, shape: tuple[int, ...], values: NDArray[Any]) -> Tensor:
    if datatype.startswith("FP"):
        values = values.astype(np.float64)
        with np.errstate(over="ignore"):
            beyond = first_too_large(values)
        if beyond is not None:
            message = "expected numbers that fit float32 (up to 3.4e38), NaN where missing, got a larger one; rescale"
            refuse(name, message, *map(int, np.unravel_index(beyond, shape)))
    return Tensor(name, datatype, values.reshape(shape))


def _numbers(name: str, values: Any) -> NDArray[np.float64]:
    if not isinstance(values, list):
        text: bytes = values.mini
        if not text.translate(None, delete=_PLAIN).strip(b"[]"):
            flat = text.translate(None, delete=b"[]").replace(b"null", b"nan")
            return np.fromstring(flat, np.float64, sep=",") if flat else np.zeros(0)
    flat_values = _flat(as_list(values))
    for value in flat_values:
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            refuse(name, f"expected numbers, or null where missing, got {quoted(value)}", "data")
    try:
        return np.array([np.nan if value is None else float(value) for value in flat_values], np.float64)
    except OverflowError:
        refuse(name, "expected numbers that fit float32 (up to 3.4e38), got a larger one; rescale them", "data")
        raise


def _flat(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found += _flat(value)
        else:
            found.append(value)
    return found


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        refuse(name, f"expected texts, as {BYTES} says, got {quoted(value)}", "data")
    return str(value)


def _texts(name: str, data: bytes, count: int) -> NDArray[Any]:
    found = np.empty(count, object)
    place = 0
    for number in range(count):
        end = place + LENGTH_BYTES + int.from_bytes(data[place : place + LENGTH_BYTES], "little")
        if place + LENGTH_BYTES > len(data) or end > len(data):
            refuse(name, f"expected {count} texts, each with its length before it, got the bytes of {number}")
        try:
            found[number] = data[place + LENGTH_BYTES : end].decode()
        except UnicodeDecodeError:
            refuse(name, "expected texts in UTF-8, got other bytes; encode them", number)
        place = end
    if place != len(data):
        refuse(name, f"expected {count} texts, got {len(data) - place} bytes more; correct the shape")
    return found
