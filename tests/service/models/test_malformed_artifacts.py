"""Artifacts whose digests are right and whose contents are not: each is named and left out, and the others serve."""

import json
from pathlib import Path
from typing import Any

import pytest

import statecast
from service.models.catalog import Catalog
from statecast.artifacts.files import canonical, digest_of
from statecast.errors import ArtifactError
from tests.builders import tiny_artifact, tiny_network

FILES = [("config.json", text) for text in ("[1]", "{}", "null", '"x"', "[", "[" * 100_000)] + [
    ("golden.json", text) for text in ("{}", "[1]", "null", "NaN", '{"target": [], "start": 5, "quantiles": []}')
]
FIELDS: list[tuple[str, Any]] = [
    ("name", "a\nb"), ("name", "a@b"), ("name", ""), ("name", ["x"]), ("name", "x" * 201), ("name", None),
    ("version", "1\u2028"), ("version", {}), ("scores", [1]), ("coverage", "x"), ("created", 5), ("files", [1]),
    ("kind", 7),
]  # fmt: skip


def seal(folder: Path, **changes: Any) -> None:
    """Write a manifest of what the files hold now, as somebody would who makes artifacts by hand."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["digest"]
    manifest["files"] = {file: digest_of((folder / file).read_bytes()) for file in manifest["files"]}
    manifest |= changes
    (folder / "manifest.json").write_bytes(canonical({**manifest, "digest": digest_of(canonical(manifest))}))


def the_other_serves(folder: Path) -> str:
    """Gives why the one is left out."""
    loaded = Catalog.load(folder, "good", "cpu")
    assert [str(model) for model in loaded.models] == ["good@1"]
    (reason,) = loaded.broken.values()
    return reason


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_artifact(tmp_path, "good")
    tiny_artifact(tmp_path, "zeta")
    return tmp_path


@pytest.mark.parametrize(("file", "text"), FILES)
def test_of_files(folder: Path, file: str, text: str) -> None:
    """One of them ended the start of all models with a traceback."""
    (folder / "zeta-1" / file).write_text(text)
    seal(folder / "zeta-1")
    assert "zeta-1" in the_other_serves(folder)


@pytest.mark.parametrize(("field", "value"), FIELDS)
def test_of_fields(folder: Path, field: str, value: Any) -> None:
    """A newline in a name breaks lines of the log and of the metrics; a name with an @ is never found."""
    seal(folder / "zeta-1", **{field: value})
    assert "zeta-1" in the_other_serves(folder)


@pytest.mark.parametrize(
    "text", [b'{"schema_version":7,"x":NaN}', b'{"schema_version":7,"x":"\\ud800"}', b"[" * 100_000]
)
def test_of_manifests(folder: Path, text: bytes) -> None:
    """What no JSON writer of ours can write was a ValueError of another kind, and ended the start."""
    (folder / "zeta-1" / "manifest.json").write_bytes(text)
    assert "zeta-1" in the_other_serves(folder)


def test_what_the_network_says_is_not_read_from_the_manifest(folder: Path) -> None:
    """Without ``state_bytes`` the start ended; with a wrong one, what is shown of the model was wrong."""
    right = statecast.load(folder / "zeta-1").manifest
    seal(folder / "zeta-1", state_bytes="many", horizon=-1, quantile_levels={}, freq=[], streaming=0)
    found = statecast.load(folder / "zeta-1").manifest
    for key in ("state_bytes", "horizon", "quantile_levels", "freq", "streaming"):
        assert found[key] == right[key]


def test_such_a_name_cannot_be_saved(tmp_path: Path) -> None:
    """Whoever makes one learns of it then."""
    for name in ("a\nb", "a@b", "", None):
        with pytest.raises(ArtifactError, match="name: expected"):
            statecast.save(tmp_path / "a", tiny_network(), {"name": name, "version": "1"})
