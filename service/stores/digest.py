"""A session's digest: a chain over what its network has read, a link per time step.

``digest_n = sha256(digest_{n-1} ‖ index_n ‖ what was read at step n)``. It depends on the observations alone:
neither on how they were split into requests nor on the device that computed the state.
"""

import hashlib
import json
import struct
from collections.abc import Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_NAN = float("nan")
_LINK = struct.Struct("<qd")


def opening(
    model: str,
    variables: Sequence[str],
    static: NDArray[np.float32],
    *,
    season: int | None = None,
    freq: str | None = None,
    offset: int = 0,
    history: NDArray[np.float64] | None = None,
) -> bytes:
    """Begin the chain of a session: what its network knows before the first step.

    Parameters
    ----------
    model : str
        Digest of the artifact.
    variables : sequence of str
        Names of the V variables.
    static : array of float32, ``[S]``
        Encoded static covariates.
    season : int or None
        Steps per season, where the model is a family.
    freq : str or None
        Canonical frequency, which with ``offset`` says the times of the steps.
    offset : int
        Place of each time within its step.
    history : array of float64, ``[V, G, K]``, or None
        Values of G lower frequencies before the first step.

    Returns
    -------
    bytes
        32 of them.

    Examples
    --------
    >>> first = opening("sha256:aa", ["load"], np.zeros(0, np.float32))
    >>> len(first), first == opening("sha256:aa", ["load"], np.zeros(0, np.float32), season=7)
    (32, False)
    """
    names = json.dumps([model, list(variables), season, freq, offset]).encode()
    parts = [len(names).to_bytes(8, "little"), names, _plain(static, "<f4").tobytes()]
    if history is not None:
        parts.append(_plain(history, "<f8").tobytes())
    return hashlib.sha256(b"".join(parts)).digest()


def extend(digest: bytes, index: int, target: NDArray[np.floating], *others: NDArray[np.floating]) -> bytes:
    """Add T time steps of one session.

    Parameters
    ----------
    digest : bytes
        The chain so far.
    index : int
        Time index of the first step.
    target : array of float, ``[V, T]``
        What the network read, NaN where missing.
    others : array of float, ``[T, ...]``
        Whatever else it read at these steps, such as covariates, always in the same order. What has no columns adds
        nothing.

    Returns
    -------
    bytes
        The chain after the last step.

    Examples
    --------
    >>> values = np.array([[1.0, 2.0, np.nan]])
    >>> parts = extend(extend(b"", 5, values[:, :1]), 6, values[:, 1:])
    >>> parts == extend(b"", 5, values)
    True
    """
    sha256, steps = hashlib.sha256, target.shape[1]
    others = tuple(other for other in others if other.size)
    if not steps:
        return digest
    if len(target) == 1 and not others:
        for place, value in enumerate(target[0].tolist(), index):
            digest = sha256(digest + _LINK.pack(place, _NAN if isnan(value) else value + 0.0)).digest()
        return digest
    columns = [
        np.arange(index, index + steps, dtype="<i8")[:, None].view(np.uint8),
        _rows(target.T.astype(np.float64, copy=False)),
    ]
    columns += [_rows(other) for other in others]
    rows = np.concatenate(columns, axis=1)
    block, width = rows.tobytes(), rows.shape[1]
    for place in range(0, len(block), width):
        digest = sha256(digest + block[place : place + width]).digest()
    return digest


def extend_many(digests: Bytes, index: NDArray[np.int64], values: NDArray[np.float64]) -> Bytes:
    """Add one time step to each of B sessions of one variable and nothing beside it; as ``extend`` does.

    Parameters
    ----------
    digests : array of uint8, ``[B, 32]``
        The chains so far.
    index : array of int64, ``[B]``
        Time index of each step.
    values : array of float64, ``[B]``
        What the network read, NaN where missing.

    Returns
    -------
    array of uint8, ``[B, 32]``
        The chains after the step.
    """
    links = np.empty((len(digests), 48), dtype=np.uint8)
    links[:, :32] = digests
    links[:, 32:40] = index.astype("<i8", copy=False)[:, None].view(np.uint8)
    links[:, 40:] = _plain(values, "<f8")[:, None].view(np.uint8)
    block, sha256 = links.tobytes(), hashlib.sha256
    chains = [sha256(block[place : place + 48]).digest() for place in range(0, len(block), 48)]
    return np.frombuffer(b"".join(chains), dtype=np.uint8).reshape(-1, 32)


def text_of(digest: bytes) -> str:
    """Write a digest as records and answers have it.

    Parameters
    ----------
    digest : bytes
        The chain.

    Returns
    -------
    str
        ``sha256:`` and hexadecimal digits.
    """
    return "sha256:" + digest.hex()


def bytes_of(text: str) -> bytes:
    """Read what ``text_of`` wrote, or what an earlier release did: the chain of its sessions begins with that.

    Parameters
    ----------
    text : str
        Of a record.

    Returns
    -------
    bytes
        The chain so far.
    """
    return bytes.fromhex(text.removeprefix("sha256:"))


def _plain(values: NDArray[np.floating], kind: str) -> NDArray[np.floating]:
    """Numbers such that equal ones have equal bytes: one zero, one NaN."""
    plain = values + 0.0
    plain[np.isnan(plain)] = _NAN
    return plain.astype(kind, copy=False)


def _rows(values: NDArray[np.floating]) -> Bytes:
    """Each step's numbers as bytes, ``[T, bytes]``."""
    steps = len(values)
    kind = "<f8" if values.dtype == np.float64 else "<f4"
    return np.ascontiguousarray(_plain(values, kind).reshape(steps, -1)).view(np.uint8)
