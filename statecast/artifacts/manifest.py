"""What the manifest of an artifact must hold: its digest says that it is whole, not that it is right."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statecast.artifacts.files import canonical, digest_of, parse_json, read_file
from statecast.errors import ArtifactError

SCHEMA_VERSION = 8
"""What older schemas lack, and how they load all the same:

2. Networks are calibrated. Artifacts of schema 1 have neither conformal offsets nor adaptation, and load as such.
3. A calibration knows which rows were trained on. To artifacts of schema 2 no row was.
4. Resolutions can be switched off. In artifacts of schema 3 all are active.
5. Intervals of short series are wider. In artifacts of schema 4 no series is short.
6. Names are the usual ones of forecasting. Older names are translated, see ``statecast.translation``.
7. Intervals grow past the horizon. Artifacts of schema 6 and before have the exponent that networks begin with.
8. Levels beyond the trained ones have tails. Artifacts of schema 7 and before have those that networks begin with.
"""
LONGEST_NAME = 200
"""Characters of a name or version."""

_OBJECTS = ("scores", "coverage", "bounds", "training", "pretraining", "state_bytes_by_season", "files")


def read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """Read the manifest of an artifact.

    Parameters
    ----------
    folder : Path
        The artifact.

    Returns
    -------
    dict
        Without its digest, under the names of its schema.
    str
        The digest.

    Raises
    ------
    ArtifactError
        If it is missing, changed, of a schema that this release does not know, or no manifest.
    """
    raw = read_file(folder / "manifest.json")
    manifest = parse_json(raw, folder / "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("schema_version") not in range(1, SCHEMA_VERSION + 1):
        found = manifest.get("schema_version") if isinstance(manifest, dict) else manifest
        expected = f"expected schema_version 1 to {SCHEMA_VERSION}, got {str(found)[:80]}"
        raise ArtifactError(f"{folder}: {expected}; load it with the release that wrote it")
    digest = manifest.pop("digest", None)
    try:
        sealed = canonical({**manifest, "digest": digest}) == raw and digest_of(canonical(manifest)) == digest
    except (ValueError, RecursionError):  # NaN, half a character: nothing that `canonical` ever writes
        sealed = False
    if not sealed:
        raise ArtifactError(f"{folder}: manifest.json was changed after it was written; copy the artifact again")
    check_manifest(manifest, f"{folder}: manifest.json")
    return manifest, digest


def check_manifest(manifest: Mapping[str, Any], where: str) -> None:
    """Refuse a manifest that does not name its artifact, or holds something else than it should.

    Parameters
    ----------
    manifest : mapping
        JSON values.
    where : str
        Of which file, for errors.

    Raises
    ------
    ArtifactError
        It names the first field that is wrong.

    Examples
    --------
    >>> check_manifest({"name": "load@2", "version": "1"}, "manifest")
    Traceback (most recent call last):
    ...
    statecast.errors.ArtifactError: manifest: name: expected 1 to 200 printable characters without @, got 'load@2'...
    """
    for key in ("name", "version"):
        value = manifest.get(key)
        text = value if isinstance(value, str) else str(value) if type(value) is int else ""
        if not 0 < len(text) <= LONGEST_NAME or not text.isprintable() or "@" in text:
            raise ArtifactError(
                f"{where}: {key}: expected 1 to {LONGEST_NAME} printable characters without @, got "
                f"{str(value)[:80]!r}; give the artifact a {key}"
            )
    for key in _OBJECTS:
        if not isinstance(manifest.get(key, {}), dict | None):
            raise ArtifactError(
                f"{where}: {key}: expected an object, got {str(manifest[key])[:80]!r}; copy the artifact again"
            )
    if not isinstance(manifest.get("created"), str | None):
        raise ArtifactError(f"{where}: created: expected a time, got {str(manifest['created'])[:80]!r}")
