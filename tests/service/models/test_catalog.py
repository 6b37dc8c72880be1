"""Which folder is which model."""

import shutil
from pathlib import Path

import pytest

from service.errors import UnknownModel
from service.models.catalog import Catalog
from statecast.errors import ArtifactError
from tests.builders import tiny_artifact, tiny_family_artifact


def test_names_versions_and_digests(catalogue: Catalog) -> None:
    assert [str(model) for model in catalogue.models] == ["tiny@1", "tiny@2", "tiny@10"]
    assert str(catalogue.resolve(None)) == str(catalogue.resolve("tiny")) == "tiny@10"
    second = catalogue.resolve("tiny@2")
    assert second.version == "2" and catalogue.resolve(f"tiny@{second.digest}") is second
    assert (second.streaming, second.state_bytes) == ("exact", second.artifact.forecaster.spec.row_bytes)
    for text in ("other", "tiny@3", "tiny@sha256:00", "", "@1"):
        with pytest.raises(UnknownModel, match="tiny@1, tiny@2, tiny@10"):
            catalogue.resolve(text)


def test_a_broken_artifact_is_named_and_the_others_serve(tiny_folder: Path, tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        shutil.copytree(tiny_folder / version, tmp_path / version)
    (tmp_path / "notes").mkdir()
    weights = tmp_path / "v2" / "model.safetensors"
    raw = weights.read_bytes()
    weights.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    loaded = Catalog.load(tmp_path, None, "cpu")
    assert [str(model) for model in loaded.models] == ["tiny@1"]
    assert list(loaded.broken) == [str(tmp_path / "v2")] and "changed" in loaded.broken[str(tmp_path / "v2")]
    with pytest.raises(ArtifactError, match="changed"):
        Catalog.load(tmp_path, "tiny@2", "cpu")


@pytest.mark.parametrize("harm", ["weights", "manifest", "no manifest"])
def test_no_other_model_takes_the_place_of_the_default(tmp_path: Path, harm: str) -> None:
    """With a corrupt `default` another model answered every request that named none, and nobody was told."""
    tiny_family_artifact(tmp_path, "default")
    tiny_artifact(tmp_path, "other")
    (tmp_path / "default-1").rename(tmp_path / "default")
    assert str(Catalog.load(tmp_path, None, "cpu").default) == "default@1"
    if harm == "weights":
        (tmp_path / "default" / "model.safetensors").write_bytes(b"")
    elif harm == "manifest":
        (tmp_path / "default" / "manifest.json").write_text("{")
    else:
        (tmp_path / "default" / "manifest.json").unlink()
    for named in (None, "default"):
        with pytest.raises(ArtifactError, match=r"default_model: .*default.*(model.safetensors|manifest.json)"):
            Catalog.load(tmp_path, named, "cpu")
    assert str(Catalog.load(tmp_path, "other", "cpu").default) == "other@1"


def test_nor_of_the_first_by_name(tmp_path: Path) -> None:
    """Where none is called default the first by name is; were it broken, the second would be, until it is mended."""
    tiny_artifact(tmp_path, "alpha")
    tiny_artifact(tmp_path, "beta")
    (tmp_path / "alpha-1" / "config.json").write_text("[1]")
    with pytest.raises(ArtifactError, match="'alpha', which requests mean that name no model"):
        Catalog.load(tmp_path, None, "cpu")
    assert str(Catalog.load(tmp_path, "beta", "cpu").default) == "beta@1"


def test_the_folder_may_be_an_artifact_itself(tiny_folder: Path) -> None:
    assert str(Catalog.load(tiny_folder / "v2", "tiny", "auto").default) == "tiny@2"


def test_nothing_to_serve_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ArtifactError, match="STATECAST_ARTIFACTS"):
            Catalog.load(path, None, "cpu")


def test_the_same_version_twice_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    from statecast.artifacts.loading import load
    from statecast.artifacts.saving import save

    shutil.copytree(tiny_folder / "v1", tmp_path / "a")
    shutil.copytree(tiny_folder / "v1", tmp_path / "b")
    network = load(tiny_folder / "v2").forecaster
    save(tmp_path / "c", network, {"name": "tiny", "version": "1"})
    loaded = Catalog.load(tmp_path, None, "cpu")
    assert len(loaded.models) == 1 and "another version" in loaded.broken[str(tmp_path / "c")]
