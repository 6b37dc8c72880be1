"""The command ``pretrain``: a family of forecasters that needs no training on the series it forecasts."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from training.cli.console import refusals
from training.cli.options import Device, given
from training.pretraining.config import read_config
from training.pretraining.pipeline import pretrain as pretrain_family
from training.progress import Bar


def pretrain(
    out: Annotated[Path, typer.Option("--out", help="Folder of the artifact; checkpoints go there too.")],
    config: Annotated[
        Path | None, typer.Argument(help="TOML file with the tables [family] and [pretrain]; defaults if left out.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Batches in all.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness.")] = None,
    device: Device = None,
    name: Annotated[str, typer.Option("--name", help="Name of the artifact.")] = "default",
    version: Annotated[str, typer.Option("--version", help="Version of the artifact.")] = "1",
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint in --out.")] = False,
) -> None:
    """Pretrain a model on synthetic series, for hours; it then forecasts any series without training."""
    with refusals() as console:
        family, chosen = read_config(config)
        if steps is not None:
            chosen = replace(chosen, steps=steps)
        chosen = replace(chosen, **given(seed=seed, device=device))
        with Bar(console) as bar:
            digest = pretrain_family(family, chosen, out, name=name, version=version, resume=resume, watcher=bar)
        console.print(f"wrote {out} ({digest[:19]}…); samples and curves in {out / 'report.html'}")
