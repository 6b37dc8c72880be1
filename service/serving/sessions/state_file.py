"""A session as a file: safetensors whose header says what it is and is signed together with all that follows."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from service.errors import Conflict, Unprocessable
from service.serving.views import last_timestamp
from service.stores.record import Record
from service.stores.record_columns import COLUMNS, from_row, to_row

SCHEMA = 1
"""Of the file. States within follow the artifact, whose digest the header has."""
FORMAT = "statecast-session"

_LENGTH = 8
"""Bytes before the header, which say how long it is."""
_LONGEST_HEADER = 1 << 20
_UNSIGNED = "0" * 64
_ARRAYS = {"tail": "<f8", "issued": "<f8", "scores": "<f8", "anchor": "|u1"}
"""Columns of a record that are arrays, and of what."""
_ADDRESS = ("key", "owner", "name")
_LIFE = ("last_used", "expires_at", "dropped")
"""Columns that belong to where a session lives, and do not travel."""


def write_state(record: Record, state: bytes, secret: bytes, *, addressed: bool = False) -> bytes:
    """Write a session.

    Parameters
    ----------
    record : Record
        The session.
    state : bytes
        Its rows of state.
    secret : bytes
        By which it is signed.
    addressed : bool
        Whether the file says which session it is, and whose: one of many in a savepoint does, one that a client
        receives does not.

    Returns
    -------
    bytes
        Safetensors. ``state`` has one row per variable.
    """
    row = dict(zip(COLUMNS, to_row(record), strict=True))
    tensors: dict[str, Any] = {
        name: np.frombuffer(row.pop(name), dtype=kind) for name, kind in _ARRAYS.items() if row.get(name) is not None
    }
    tensors["state"] = np.frombuffer(state, dtype=np.uint8).reshape(len(record.variables), -1)
    left = (*_LIFE, *_ARRAYS) if addressed else (*_LIFE, *_ARRAYS, *_ADDRESS)
    metadata = {
        "format": FORMAT,
        "schema": str(SCHEMA),
        "signature": _UNSIGNED,
        "model": record.model,
        "model_name": record.model_name,
        "count": str(record.count),
        "last_timestamp": last_timestamp(record) or "",
        "last_index": str(record.last_index),
        "digest": record.digest,
        "record": json.dumps({name: value for name, value in row.items() if name not in left}),
    }
    data = save(tensors, metadata)
    signature = hmac.new(secret, data, hashlib.sha256).hexdigest()
    return data.replace(_marked(_UNSIGNED), _marked(signature), 1)


def read_state(data: bytes, secret: bytes) -> tuple[Record, bytes]:
    """Read a session that a server with the same secret wrote; nothing of it is believed before its signature is.

    Parameters
    ----------
    data : bytes
        What ``write_state`` gave.
    secret : bytes
        Of this server.

    Returns
    -------
    Record
        Of no life yet; of no key, owner and name where the file is not addressed.
    bytes
        Its rows of state.

    Raises
    ------
    Unprocessable
        ``invalid_state`` where it is no such file or cut off, ``wrong_signature`` where it was changed or another
        secret signed it.
    Conflict
        ``state_schema`` where a release with other files wrote it.
    """
    metadata = check_state(data, secret)
    tensors = load(data)
    row: dict[str, Any] = {name: tensors[name].tobytes() if name in tensors else None for name in _ARRAYS}
    row |= {"key": ""} | json.loads(metadata["record"])
    row |= {"last_used": 0.0, "expires_at": 0.0, "dropped": 0}
    return from_row(tuple(row.get(name) for name in COLUMNS)), tensors["state"].tobytes()


def check_state(data: bytes, secret: bytes) -> Mapping[str, Any]:
    """Hold a file to its signature, and read its header alone.

    Parameters
    ----------
    data : bytes
        As ``read_state`` takes it.
    secret : bytes
        Of this server.

    Returns
    -------
    mapping
        ``model``, ``model_name``, ``digest``, ``signature`` and what else the header says.

    Raises
    ------
    Unprocessable, Conflict
        As ``read_state``.
    """
    metadata = _metadata(data)
    signature = str(metadata.get("signature", ""))
    unsigned = data.replace(_marked(signature), _marked(_UNSIGNED), 1)
    if not hmac.compare_digest(
        hmac.new(secret, unsigned, hashlib.sha256).hexdigest().encode(), signature.encode("utf-8", "replace")
    ):
        raise Unprocessable(
            "body: expected a state that a server with the same STATECAST_STATE_SECRET signed, got one that was "
            "changed, cut off, or signed with another secret; export it again, or give both servers the same secret",
            code="wrong_signature",
        )
    if metadata.get("schema") != str(SCHEMA):
        raise Conflict(
            f"body: expected a state of schema {SCHEMA}, got {str(metadata.get('schema'))[:20]}; export it from a "
            "server of this release",
            code="state_schema",
        )
    return metadata


def _metadata(data: bytes) -> Mapping[str, Any]:
    """Read the header's own part, no longer than such a header is."""
    size = int.from_bytes(data[:_LENGTH], "little")
    found: Any = None
    if len(data) > _LENGTH and size <= min(_LONGEST_HEADER, len(data) - _LENGTH):
        try:
            header = json.loads(data[_LENGTH : _LENGTH + size])
            found = header.get("__metadata__") if isinstance(header, dict) else None
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Unprocessable(
            "body: expected safetensors as GET /sessions/{id}/state gives them, got something else or a part of them; "
            "send the whole file as it is",
            code="invalid_state",
        )
    return found


def _marked(signature: str) -> bytes:
    return json.dumps(signature).encode()
