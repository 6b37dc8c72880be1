"""The artifact of a fit: what its manifest begins with, how it is written, and the config that it was fitted with."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import torch

import statecast
from statecast.artifacts.manifest import check_manifest
from statecast.artifacts.registry import Network
from training.errors import TrainingError
from training.fit_config import TabledConfig

C = TypeVar("C", bound=TabledConfig)


def begin_fit(name: str, version: str, threads: int = 0) -> None:
    """Refuse a name or a version that no artifact may have before hours are spent on it, and set the CPU threads.

    Parameters
    ----------
    name, version : str
        Of the artifact.
    threads : int
        CPU threads; 0 leaves them as they are.

    Raises
    ------
    ArtifactError
        If one is empty, too long, or has a character that is not allowed.
    """
    check_manifest({"name": name, "version": version}, "fit")
    if threads:
        torch.set_num_threads(threads)


def new_manifest(name: str, version: str) -> dict[str, Any]:
    """Begin the manifest of an artifact that is made now.

    Parameters
    ----------
    name, version : str
        Of the artifact.

    Returns
    -------
    dict of str to any
        Both, and the time.
    """
    return {"name": name, "version": version, "created": datetime.now(UTC).isoformat(timespec="seconds")}


def describe_curves(loss: list[list[float]], validation: list[list[float]]) -> dict[str, Any]:
    """Give what a manifest says of the course of a fit.

    Parameters
    ----------
    loss, validation : list of list
        Pairs of step, or epoch, and value.

    Returns
    -------
    dict of str to list
        The same, rounded to six decimals.
    """
    both = {"loss": loss, "validation": validation}
    return {name: [[int(step), round(value, 6)] for step, value in pairs] for name, pairs in both.items()}


def write_artifact(out: Path, network: Network, manifest: Mapping[str, Any], config: TabledConfig) -> str:
    """Write an artifact and, beside it as ``fit.toml``, the config that gives it again.

    Parameters
    ----------
    out : Path
        Folder of the artifact.
    network : Network
        The trained network, on the CPU.
    manifest : mapping
        What the artifact says of the fit.
    config : TabledConfig
        One in which nothing is open.

    Returns
    -------
    str
        Digest of the artifact.
    """
    digest = statecast.save(out, network, json.loads(json.dumps(manifest)))
    (out / "fit.toml").write_text(config.to_toml(), encoding="utf-8")
    return digest


def read_fitted_config(artifact: statecast.Artifact, kind: type[C]) -> C:
    """Read the config that an artifact was fitted with.

    Parameters
    ----------
    artifact : Artifact
        One that a fit made.
    kind : type of TabledConfig
        Kind of the config.

    Returns
    -------
    kind
        One in which nothing is open.

    Raises
    ------
    TrainingError
        If its manifest has none.
    """
    try:
        return kind.from_dict(artifact.manifest["training"]["config"])
    except KeyError as error:
        raise TrainingError(f"{artifact.name}: the manifest has no {error}; it was not made by a fit") from None
