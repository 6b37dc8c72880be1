"""Writing an artifact: the weights, the config, the golden output, and last the manifest that names them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save as serialise

from statecast.artifacts.files import canonical, check_finite, digest_of, write_json
from statecast.artifacts.golden import record_golden
from statecast.artifacts.manifest import SCHEMA_VERSION, check_manifest
from statecast.artifacts.registry import Network, describe
from statecast.models.interface import SeriesNetwork

FILES = ("config.json", "model.safetensors", "golden.json")
"""Files that the manifest names with their digests."""


def save(folder: str | Path, network: Network, manifest: Mapping[str, Any]) -> str:
    """Write an artifact.

    Parameters
    ----------
    folder : str or Path
        Where to; it is made if need be.
    network : Network
        What to save.
    manifest : mapping
        At least ``name`` and ``version``, and whatever else training records. What follows from the network itself
        (kind, streaming, freq, resolutions, horizon, state_bytes, parameters, files) is filled in.

    Returns
    -------
    str
        The artifact's digest.

    Raises
    ------
    ArtifactError
        If ``manifest`` lacks a name or a version, or a weight is not finite.
    """
    check_manifest(manifest, "manifest")
    path = Path(folder)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    check_finite(weights, path / "model.safetensors")
    path.mkdir(parents=True, exist_ok=True)
    (path / "manifest.json").unlink(missing_ok=True)
    write_json(
        path / "config.json", network.shape() if isinstance(network, SeriesNetwork) else network.config.to_dict()
    )
    (path / "model.safetensors").write_bytes(serialise(weights))
    write_json(path / "golden.json", record_golden(network))
    whole = {
        **manifest,
        **describe(network),
        "schema_version": SCHEMA_VERSION,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "files": {name: digest_of((path / name).read_bytes()) for name in FILES},
    }
    digest = digest_of(canonical(whole))
    write_json(path / "manifest.json", {**whole, "digest": digest})
    return digest
