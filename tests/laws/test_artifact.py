"""Law 8: an artifact is enough. Saved, copied, loaded: the same forecasts; changed: refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as serialise

import statecast
from statecast.artifacts.files import canonical, digest_of, write_json
from statecast.artifacts.golden import golden_difference
from statecast.errors import ArtifactError, ConfigError, GoldenError, StatecastError
from statecast.renames import RENAMES
from statecast.translation import translate_golden, translate_state_field
from tests.builders import tiny_artifact, tiny_network

DATA = Path(__file__).parents[1] / "data"
KEPT, STATES, SHIPPED = DATA / "artifacts", DATA / "states", DATA.parents[1] / "artifacts" / "default"
FILES = ("manifest.json", "config.json", "model.safetensors", "golden.json")
HISTORY = [float(x) for x in np.sin(np.arange(60)) * 5 + 20]


def test_saved_copied_and_loaded_it_forecasts_the_same(tmp_path: Path) -> None:
    """An artifact that depends on anything outside its folder fails on the machine that it is carried to."""
    digest = tiny_artifact(tmp_path / "here")
    shutil.copytree(tmp_path / "here" / "tiny-1", tmp_path / "there")
    artifact = statecast.load(tmp_path / "there")
    direct = statecast.api.forecast.forecast_series(tiny_network(), HISTORY, start="2026-03-01T05:00:00")
    loaded = artifact.forecast(HISTORY, start="2026-03-01T05:00:00")
    assert artifact.digest == digest
    np.testing.assert_array_equal(loaded.mean, direct.mean)
    assert loaded.times is not None and str(loaded.times[0]) == "2026-03-03T17:00:00"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.99])
def test_a_changed_byte_is_refused(tmp_path: Path, file: str, place: float) -> None:
    """A disk error or a hand in the weights must not become a wrong forecast."""
    tiny_artifact(tmp_path)
    path = tmp_path / "tiny-1" / file
    raw = bytearray(path.read_bytes())
    raw[int(place * (len(raw) - 1))] ^= 0x01
    path.write_bytes(bytes(raw))
    with pytest.raises(ArtifactError):
        statecast.load(tmp_path / "tiny-1")


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_refused(tmp_path: Path, file: str) -> None:
    """A half-copied folder must not load."""
    tiny_artifact(tmp_path)
    (tmp_path / "tiny-1" / file).unlink()
    with pytest.raises(ArtifactError, match=file):
        statecast.load(tmp_path / "tiny-1")


def test_other_computation_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that computes something else than the one that saved must say so, not serve other forecasts."""
    tiny_artifact(tmp_path)
    monkeypatch.setattr(
        statecast.models.origin_summary, "fill_missing", lambda window, season: window.nan_to_num() * 1.1
    )
    with pytest.raises(GoldenError):
        statecast.load(tmp_path / "tiny-1")


def test_unknown_schema_is_refused(tmp_path: Path) -> None:
    """A folder from a later release must be refused by name of the schema, not by a crash."""
    tiny_artifact(tmp_path)
    path = tmp_path / "tiny-1" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    with pytest.raises(ArtifactError, match="schema_version 1 to 8, got 99"):
        statecast.load(tmp_path / "tiny-1")


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, odd: float) -> None:
    """With right digests and a part that the golden input does not reach, NaN weights loaded and answered nothing."""
    tiny_artifact(tmp_path)
    folder = tmp_path / "tiny-1"
    weights = load_file(folder / "model.safetensors")
    weights["calibration.spread_growth"].fill_(odd)
    (folder / "model.safetensors").write_bytes(serialise(weights))
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["digest"]
    manifest["files"]["model.safetensors"] = digest_of((folder / "model.safetensors").read_bytes())
    write_json(folder / "manifest.json", {**manifest, "digest": digest_of(canonical(manifest))})
    with pytest.raises(ArtifactError, match=r"model.safetensors: expected finite .* 'calibration.spread_growth'"):
        statecast.load(folder)
    network = tiny_network()
    network.head.known.bias.data[0] = odd
    with pytest.raises(ArtifactError, match=r"expected finite weights, got 1 of \d+ in 'head.known.bias'"):
        statecast.save(tmp_path / "new", network, {"name": "new", "version": "1"})
    assert not (tmp_path / "new").exists()


def test_nameless_is_not_saved(tmp_path: Path) -> None:
    """Without name and version nobody can ask for it."""
    with pytest.raises(ArtifactError, match="name"):
        statecast.save(tmp_path, tiny_network(), {"version": "1"})


@pytest.mark.parametrize("folder", [*sorted(KEPT.iterdir()), SHIPPED], ids=lambda folder: folder.name)
def test_old_artifacts_load_for_ever(folder: Path) -> None:
    """People train for days; a release that cannot read last year's artifact throws that away."""
    artifact = statecast.load(folder)
    assert np.isfinite(artifact.forecast(HISTORY).mean).all()
    schema = artifact.manifest["schema_version"]
    golden = translate_golden(json.loads((folder / "golden.json").read_text()), schema)
    assert golden_difference(artifact.network, golden) < 1e-6


def test_stored_states_of_old_artifacts_go_on() -> None:
    """Sessions lie in stores for months as bytes; were their layout to move, each would forecast nonsense."""
    recorded = json.loads((STATES / "schema-5.json").read_text())
    network = statecast.load(KEPT / recorded["artifact"]).forecaster
    today = {name: network.spec.offsets[name] for name in network.spec.fields}
    assert {translate_state_field(name, 5): at for name, at in recorded["offsets"].items()} == today
    rows = torch.frombuffer(bytearray((STATES / "schema-5.bin").read_bytes()), dtype=torch.uint8)[None]
    future = torch.zeros(1, network.config.horizon, network.config.known_width)
    found = network.decode(statecast.State(network.spec, rows), future).quantiles()[0]
    np.testing.assert_allclose(found.numpy(), recorded["quantiles"], rtol=1e-6)


def test_a_renamed_key_is_refused_with_its_name_of_today() -> None:
    """A config file from last year must say what to write instead, not list forty keys."""
    for old, new in RENAMES[6].config.items():
        with pytest.raises(ConfigError, match=f"'{old}' is called '{new}' now"):
            statecast.ForecasterConfig.from_dict({old: 1})


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_other_device_agrees(tmp_path: Path) -> None:
    """Trained on one device, served on another: the golden check holds both ways."""
    statecast.save(tmp_path / "a", tiny_network().to("cuda"), {"name": "a", "version": "1"})
    statecast.load(tmp_path / "a", device="cpu")
    tiny_artifact(tmp_path)
    statecast.load(tmp_path / "tiny-1", device="cuda")


def test_wrong_use_is_told(tmp_path: Path) -> None:
    """Every refusal names the field, what was expected and what came."""
    tiny_artifact(tmp_path)
    artifact = statecast.load(tmp_path / "tiny-1")
    wrong = {
        "horizon": lambda: artifact.forecast(HISTORY, 13),
        "history": lambda: artifact.forecast([None, None]),
        "quantile_levels": lambda: artifact.forecast(HISTORY, quantile_levels=[0.005]),
        "covariate": lambda: artifact.forecast(HISTORY, future_covariates={"wind": [1.0] * 12}),
    }
    for field, call in wrong.items():
        with pytest.raises(StatecastError, match=f"{field}.*expected|{field}.*knows"):
            call()
