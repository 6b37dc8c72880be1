"""States and values as stores keep them: the same bits in fewer bytes.

Numbers are split into their bytes, all first bytes together: those with sign and exponent are alike and shrink, while
mantissas are noise. Values are kept as whole numbers where a few decimals tell all of them.
"""

from math import isnan
from threading import local
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_MARK = b"\x01zst"
"""A packed state begins with this; it is one byte longer than a multiple of 8, as no state is."""
_DECIMALS = 6
_MISSING = -(2**31)
_WHOLE = 255
"""Kind of values that are kept as float64; of others the number of their decimals."""
PLAIN = b"\x02"
"""Forecasts that are not packed, because others take their place soon, begin with this."""
_QUICK, _SMALL = -1, 1
"""Levels of zstd: the first takes half the time, and of a few hundred numbers hardly more bytes."""
_OF_THREAD = local()


def pack_state(state: bytes) -> bytes:
    """Pack rows of state.

    Parameters
    ----------
    state : bytes
        Any number.

    Returns
    -------
    bytes
        Fewer; the same where the number is not a multiple of 8.

    Examples
    --------
    >>> rows = np.linspace(0, 1, 2048, dtype=np.float32).tobytes()
    >>> len(pack_state(rows)) < 0.9 * len(rows), unpack_state(pack_state(rows)) == rows
    (True, True)
    """
    if len(state) % 8:
        return state
    words = np.frombuffer(state, dtype="<u4")
    high = _zstd(_SMALL).compress((words >> 24).astype(np.uint8).tobytes())
    middle, low = (words >> 16).astype(np.uint8).tobytes(), words.astype("<u2").tobytes()
    return _odd(b"".join((_MARK, len(high).to_bytes(4, "little"), high, middle, low)))


def unpack_state(data: bytes) -> bytes:
    """Give back what was packed, or what an earlier release kept as it was.

    Parameters
    ----------
    data : bytes
        Of a store.

    Returns
    -------
    bytes
        Rows of state.
    """
    if len(data) % 8 != 1 or not data.startswith(_MARK):
        return data
    begin = len(_MARK) + 4
    end = begin + int.from_bytes(data[begin - 4 : begin], "little")
    high = np.frombuffer(_unzstd(data[begin:end]), dtype=np.uint8)
    middle = np.frombuffer(data, dtype=np.uint8, count=len(high), offset=end)
    words = np.frombuffer(data, dtype="<u2", count=len(high), offset=end + len(high)).astype("<u4")
    words |= middle.astype("<u4") << 16
    words |= high.astype("<u4") << 24
    return words.tobytes()


def pack_values(values: Doubles) -> bytes:
    """Pack values.

    Parameters
    ----------
    values : array of float64
        Of any shape.

    Returns
    -------
    bytes
        None where there are none.

    Examples
    --------
    >>> values = np.array([61.2, np.nan, -0.001])
    >>> unpack_values(pack_values(values)).tolist()
    [61.2, nan, -0.001]
    """
    if not values.size:
        return b""
    last = float(values.flat[-1])
    with np.errstate(over="ignore", invalid="ignore"):
        for decimals in range(_DECIMALS + 1):
            if isnan(last) or round(last, decimals) == last:
                whole = np.rint(values * 10.0**decimals).astype("<i4")  # too large a number becomes another one
                if _tells(whole, values, decimals):
                    return _odd(bytes([decimals]) + _zstd(_QUICK).compress(_split(whole)))
    return _odd(bytes([_WHOLE]) + _zstd(_QUICK).compress(_split(values.astype("<f8", copy=False))))


def _tells(whole: NDArray[np.int32], values: Doubles, decimals: int) -> bool:
    """Whether whole numbers tell all values; the places of missing ones are marked in them."""
    same, marked = whole / 10.0**decimals == values, whole == _MISSING
    if same.all() and not marked.any():
        return True
    missing = np.isnan(values)
    whole[missing] = _MISSING
    return bool((same & ~marked | missing).all())


def unpack_values(data: bytes) -> Doubles:
    """Give back values, in one row.

    Parameters
    ----------
    data : bytes
        What ``pack_values`` gave.

    Returns
    -------
    array of float64
        The same to the bit; a missing one is NaN.
    """
    if not data:
        return np.zeros(0)
    kind, planes = data[0], _unzstd(data[1:])
    if kind == _WHOLE:
        return _join(planes, "<f8").astype(np.float64)
    whole = _join(planes, "<i4")
    return np.where(whole == _MISSING, np.nan, whole / 10.0**kind)


def pack_forecast(table: Doubles, level: Doubles) -> bytes:
    """Pack forecasts, which are float32 above a level.

    Parameters
    ----------
    table : array of float64, ``[V, N]``
        The forecasts.
    level : array of float64, ``[V]``
        What the network counted each variable from.

    Returns
    -------
    bytes
        The first says how.
    """
    above = (table - level[:, None]).astype("<f4")
    if (above + level[:, None] == table).all():
        return _odd(b"\x01" + _zstd(_QUICK).compress(_split(above)))
    return _odd(b"\x00" + _zstd(_QUICK).compress(_split(table.astype("<f8", copy=False))))


def unpack_forecast(data: bytes, level: Doubles) -> Doubles:
    """Give back forecasts.

    Parameters
    ----------
    data : bytes
        What ``pack_forecast`` gave, or ``PLAIN`` and float64 as they are.
    level : array of float64, ``[V]``
        The same.

    Returns
    -------
    array of float64, ``[V, N]``
        The same to the bit.
    """
    if data.startswith(PLAIN):
        return np.frombuffer(data, "<f8", offset=1).astype(np.float64).reshape(len(level), -1)
    kind, planes = data[0], _unzstd(data[1:])
    table = _join(planes, "<f4" if kind else "<f8").reshape(len(level), -1)
    return table + level[:, None] if kind else table.astype(np.float64)


def _odd(data: bytes) -> bytes:
    """Fill up to one more than a multiple of 8: an earlier release refuses that, and does not take it for numbers."""
    return data + bytes((1 - len(data)) % 8)


def _split(values: NDArray[Any]) -> bytes:
    """All first bytes, then all second ones, and so on."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).reshape(-1, values.itemsize).T.tobytes()


def _join(planes: bytes, kind: str) -> NDArray[Any]:
    size = np.dtype(kind).itemsize
    return np.ascontiguousarray(np.frombuffer(planes, dtype=np.uint8).reshape(size, -1).T).view(kind).reshape(-1)


def _zstd(level: int) -> zstandard.ZstdCompressor:
    """One per thread, because it keeps its buffers."""
    kept: dict[int, zstandard.ZstdCompressor] | None = getattr(_OF_THREAD, "kept", None)
    if kept is None:
        kept = _OF_THREAD.kept = {one: zstandard.ZstdCompressor(level=one) for one in (_QUICK, _SMALL)}
    return kept[level]


def _unzstd(data: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise ValueError(f"a packed session is damaged: {error}") from error
