"""Appended observations as bytes, for stores that keep rows: one block for all sessions of an ``Append``."""

import struct

import numpy as np

from service.stores.writes import Append

_SHAPE = struct.Struct("<II")
_KEY = 32


def pack(append: Append) -> bytes:
    """Lay out what an ``Append`` holds beside its sequence and time.

    Parameters
    ----------
    append : Append
        Observations of B sessions, T each.

    Returns
    -------
    bytes
        B and T as uint32, B keys of 32 bytes, births, indices, values ``[B, T]``; all little-endian.

    Raises
    ------
    ValueError
        If a key is not 64 hexadecimal digits, or an array has not one entry per key.

    Examples
    --------
    >>> one = Append(7, ["ab" * 32], np.array([0.1]), np.array([3]), np.array([[1.5, 2.5]]), 10.0)
    >>> len(pack(one))
    72
    >>> unpack(7, 10.0, pack(one)).values.tolist()
    [[1.5, 2.5]]
    """
    count = len(append.keys)
    keys = bytes.fromhex("".join(append.keys))
    shapes = (append.births.shape, append.index.shape, append.values.shape[:1])
    if len(keys) != _KEY * count or shapes != ((count,),) * 3:
        raise ValueError(
            f"expected {count} keys of 64 hexadecimal digits and as many births, indices, values: {shapes}"
        )
    return b"".join(
        (
            _SHAPE.pack(count, append.values.shape[1]),
            keys,
            append.births.astype("<f8", copy=False).tobytes(),
            append.index.astype("<i8", copy=False).tobytes(),
            append.values.astype("<f8", copy=False).tobytes(),
        )
    )


def unpack(sequence: int, used: float, block: bytes) -> Append:
    """Give back the ``Append`` that ``pack`` laid out.

    Parameters
    ----------
    sequence : int
        Its number.
    used : float
        Its time, in seconds since 1970.
    block : bytes
        What ``pack`` gave.

    Returns
    -------
    Append
        Its arrays cannot be written to.
    """
    count, steps = _SHAPE.unpack_from(block)
    begin = _SHAPE.size + _KEY * count
    digits = block[_SHAPE.size : begin].hex()
    return Append(
        sequence,
        [digits[place : place + 2 * _KEY] for place in range(0, len(digits), 2 * _KEY)],
        np.frombuffer(block, "<f8", count, begin),
        np.frombuffer(block, "<i8", count, begin + 8 * count),
        np.frombuffer(block, "<f8", count * steps, begin + 16 * count).reshape(count, steps),
        used,
    )
