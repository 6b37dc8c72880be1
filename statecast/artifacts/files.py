"""The files of an artifact: one canonical JSON form, digests, and errors that name the file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from statecast.errors import ArtifactError


def canonical(values: Any) -> bytes:
    r"""Write JSON values in the one form that digests are taken of.

    Parameters
    ----------
    values : Any
        Plain JSON values.

    Returns
    -------
    bytes
        UTF-8.

    Examples
    --------
    >>> canonical({"horizon": 24})
    b'{\n "horizon": 24\n}\n'
    """
    return (json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_json(path: Path, values: Any) -> None:
    """Write JSON values to a file.

    Parameters
    ----------
    path : Path
        The file.
    values : Any
        Plain JSON values.
    """
    path.write_bytes(canonical(values))


def read_file(path: Path) -> bytes:
    """Read a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes
        Its contents.

    Raises
    ------
    ArtifactError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"{path}: expected a file of an artifact, got {error.strerror}; is the folder whole?"
        ) from None


def check_finite(weights: Mapping[str, Tensor], path: Path) -> None:
    """Refuse weights that are no numbers: whatever they forecast is none, or comes from an overflow.

    Parameters
    ----------
    weights : mapping of str to Tensor
        By name.
    path : Path
        Their file, for errors.

    Raises
    ------
    ArtifactError
        If one is NaN or infinite.
    """
    for name, weight in weights.items():
        odd = int((~weight.isfinite()).sum())
        if odd:
            raise ArtifactError(
                f"{path}: expected finite weights, got {odd} of {weight.numel()} in {name!r} that are not; train the "
                "model again or copy an artifact from before"
            )


def parse_json(raw: bytes, path: Path) -> Any:
    """Parse the contents of a file.

    Parameters
    ----------
    raw : bytes
        The contents.
    path : Path
        The file, for errors.

    Returns
    -------
    Any
        JSON values.

    Raises
    ------
    ArtifactError
        If they are not JSON.
    """
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path}: expected JSON, got {error}; copy the artifact again") from None


def digest_of(raw: bytes) -> str:
    """Compute the digest of a file's contents.

    Parameters
    ----------
    raw : bytes
        The contents.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.
    """
    return "sha256:" + hashlib.sha256(raw).hexdigest()
