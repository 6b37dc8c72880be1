"""From a config to the artifact of a pretrained family."""

import json
from dataclasses import asdict
from pathlib import Path

import torch

import statecast
from statecast.models.family import Family, FamilyConfig
from training.fitted_artifact import begin_fit, new_manifest
from training.fitting.checkpoint import Checkpoint
from training.fitting.loop import Fit
from training.pretraining.config import PretrainConfig
from training.pretraining.conformal import calibrate
from training.pretraining.objective import FamilyPretraining
from training.pretraining.report import write_report
from training.progress import Watcher


def pretrain(
    family_config: FamilyConfig,
    config: PretrainConfig,
    out: Path,
    *,
    name: str = "default",
    version: str = "1",
    resume: bool = False,
    watcher: Watcher | None = None,
) -> str:
    """Pretrain a family, and write the artifact with its report.

    Parameters
    ----------
    family_config : FamilyConfig
        What is pretrained.
    config : PretrainConfig
        How it is pretrained.
    out : Path
        Folder of the artifact and of checkpoints.
    name : str
        Name of the artifact.
    version : str
        Version of the artifact.
    resume : bool
        Whether to continue from the last checkpoint in ``out``.
    watcher : Watcher, optional
        Follows the progress; nobody if left out.

    Returns
    -------
    str
        Digest of the artifact.

    Raises
    ------
    StatecastError
        If the loss becomes infinite or NaN, or there is nothing to resume.
    """
    begin_fit(name, version, config.threads)
    torch.manual_seed(config.seed)
    fit = Fit(FamilyPretraining(Family(family_config), config), out)
    fit.run(watcher, resume)
    digest = finish(fit, out, name=name, version=version)
    Checkpoint.remove(out)
    return digest


def finish(fit: Fit[FamilyPretraining], out: Path, *, name: str, version: str) -> str:
    """Calibrate a pretrained family on held-out kinds of series, and write its artifact with the report.

    Parameters
    ----------
    fit : Fit of FamilyPretraining
        The training, ended.
    out : Path
        Folder of the artifact.
    name : str
        Name of the artifact.
    version : str
        Version of the artifact.

    Returns
    -------
    str
        Digest of the artifact.
    """
    objective = fit.objective
    family, config = objective.family.eval(), objective.config
    calibrate(objective)
    objective.validate()
    manifest = {
        **new_manifest(name, version),
        "seeds": [config.seed],
        "trained_on": "synthetic series only",
        "covariates": {},
        "optional_covariates": True,
        "pretraining": {
            "family": family.config.to_dict(),
            "config": asdict(config),
            "curves": vars(fit.curves),
            "spent": asdict(objective.costs),
        },
        # Tables are cut and scored as by a fit without a config.
        "training": {"config": {}},
        "scores": {},
    }
    return save_family(out, family, json.loads(json.dumps(manifest)), config)


def save_family(out: Path, family: Family, manifest: dict[str, object], config: PretrainConfig) -> str:
    """Write the artifact and the report of a family.

    Parameters
    ----------
    out : Path
        Folder of the artifact.
    family : Family
        The calibrated family; it is moved to the CPU.
    manifest : dict
        What the artifact says of the pretraining, JSON values.
    config : PretrainConfig
        How it was pretrained; the report draws series like those it learned from.

    Returns
    -------
    str
        Digest of the artifact.
    """
    digest = statecast.save(out, family.cpu(), manifest)
    whole = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    write_report(out / "report.html", whole, family.config, config)
    return digest
