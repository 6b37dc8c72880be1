"""Reading an artifact: every digest is verified, and its golden output computed again."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import AcceleratorError, OutOfMemoryError, Tensor

from statecast.artifacts.artifact import Artifact
from statecast.artifacts.files import check_finite, digest_of, parse_json, read_file
from statecast.artifacts.golden import TOLERANCE, golden_difference
from statecast.artifacts.manifest import read_manifest
from statecast.artifacts.registry import Network, build, describe
from statecast.artifacts.saving import FILES
from statecast.errors import ArtifactError, ConfigError, GoldenError
from statecast.translation import complete_config, translate_golden, translate_manifest, translate_weight

_WHOLE_WEIGHTS = 8  # the first schema whose weights hold all that a fit may find out


def load(folder: str | Path, device: str = "cpu") -> Artifact:
    """Read an artifact, verify every digest and recompute its golden forecast.

    Parameters
    ----------
    folder : str or Path
        The artifact.
    device : str
        Where its network is to lie, ``cpu`` or ``cuda``.

    Returns
    -------
    Artifact
        What it holds.

    Raises
    ------
    ArtifactError
        If a file is missing, changed, or of a schema that this release does not know, or a weight is not finite.
    GoldenError
        If the network does not forecast what it forecast when it was saved.
    """
    path = Path(folder)
    manifest, digest = read_manifest(path)
    listed = manifest.get("files") or {}
    schema: int = manifest["schema_version"]
    for file in FILES:
        if digest_of(read_file(path / file)) != listed.get(file):
            raise ArtifactError(f"{path}: {file} was changed after it was written; copy the artifact again")
    try:
        config = parse_json(read_file(path / "config.json"), path / "config.json")
        network = build(manifest.get("kind"), complete_config(config, schema, str(manifest.get("kind"))))
        weights = {translate_weight(name, schema): one for name, one in load_file(path / "model.safetensors").items()}
        if schema < _WHOLE_WEIGHTS:
            weights = _undecided(network) | weights
        network.load_state_dict(weights)
        check_finite(weights, path / "model.safetensors")
    except (ConfigError, SafetensorError, RuntimeError) as error:
        raise ArtifactError(f"{path}: the weights and the config do not go together: {error}") from None
    network = network.eval().requires_grad_(False).to(device)
    try:
        golden = translate_golden(parse_json(read_file(path / "golden.json"), path / "golden.json"), schema)
        difference = golden_difference(network, golden)
        manifest = translate_manifest(manifest, schema) | describe(network)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, AcceleratorError | OutOfMemoryError):
            raise  # the device's trouble, not the artifact's
        raise ArtifactError(
            f"{path}: golden.json or manifest.json holds something else than `save` writes ({error!r}); copy the "
            "artifact again"
        ) from None
    if not difference <= TOLERANCE:
        raise GoldenError(
            f"{path}: expected the recorded output within {TOLERANCE:g} of its spread, got a difference of "
            f"{difference:.3g}; the weights, the code or the device compute something else than when it was saved"
        )
    return Artifact(str(manifest["name"]), str(manifest["version"]), digest, network, manifest)


def _undecided(network: Network) -> dict[str, Tensor]:
    """What stands in a network before a fit has found out or decided anything: what older artifacts do not have."""
    persistent, buffers = network.state_dict(), dict(network.named_buffers())
    return {name: value for name, value in persistent.items() if name in buffers}
