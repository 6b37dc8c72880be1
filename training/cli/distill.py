"""The command ``distill``: a smaller forecaster learns from the quantiles of a larger one."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import statecast
from statecast.models.family import Family
from statecast.time.frequency import Frequency
from statecast.time.seasonality import choose_season, usual_season
from training.cli.console import print_panel, refusals
from training.cli.options import (
    Dayfirst,
    Decimal,
    Device,
    Encoding,
    FreqText,
    Id,
    Out,
    Separator,
    Target,
    Timestamp,
    Timezone,
    Unit,
    Wide,
    columns_of,
    given,
)  # fmt: skip
from training.config import DataConfig
from training.data.panel import Panel
from training.data.tables import read_panel
from training.edge.distillation.config import DistillConfig
from training.edge.distillation.pipeline import distill as distill_network
from training.edge.distillation.teacher import choose_teacher
from training.errors import TrainingError
from training.progress import Bar


def distill(
    teacher: Annotated[Path, typer.Argument(help="Artifact to learn from, such as artifacts/default.")],
    out: Out,
    width: Annotated[int, typer.Option(min=1, help="Width of the small network's hidden vectors.")] = 96,
    season: Annotated[int | None, typer.Option(min=1, help="Steps per season; follows from --freq or --data.")] = None,
    freq: FreqText = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead; the teacher's if left out.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Table of own series, learned from beside synthetic ones.")
    ] = None,
    id_column: Id = None,
    timestamp_column: Timestamp = None,
    target_column: Target = None,
    wide: Wide = None,
    timezone: Timezone = None,
    timestamp_unit: Unit = None,
    dayfirst: Dayfirst = None,
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Batches in all.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness.")] = None,
    device: Device = None,
    name: Annotated[str | None, typer.Option(help="Name of the artifact; that of the folder if left out.")] = None,
    version: Annotated[str, typer.Option(help="Version of the artifact.")] = "1",
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint in --out.")] = False,
) -> None:
    """Distill a small GRU forecaster that `export` covers from the quantiles of a larger model."""
    with refusals() as console:
        columns = columns_of(
            id_column, timestamp_column, target_column, wide, timezone, timestamp_unit, dayfirst, separator, decimal,
            encoding,
        )  # fmt: skip
        if out.resolve() == teacher.resolve():
            raise TrainingError(
                f"--out: expected another folder than the teacher's, got {out}; it would be overwritten"
            )
        artifact = statecast.load(teacher)
        panel = read_panel(data, replace(DataConfig(), **columns).columns, freq) if data else None
        if panel is not None:
            print_panel(console, panel)
            freq = str(panel.freq) if panel.freq else None
        if isinstance(artifact.network, Family):
            season = season or find_season(panel, freq)
        network = choose_teacher(artifact, season, freq, horizon)
        config = replace(DistillConfig(width=width), **given(steps=steps, seed=seed, device=device))
        name = name or out.resolve().name
        with Bar(console) as bar:
            digest = distill_network(
                network, config, out,
                name=name, version=version, taught_by=artifact.digest, panel=panel, resume=resume, watcher=bar,
            )  # fmt: skip
        console.print(f"wrote {out} ({digest[:19]}…); curves in {out / 'report.html'}")


def find_season(panel: Panel | None, freq: str | None) -> int | None:
    """Find the steps per season where nobody named them.

    Parameters
    ----------
    panel : Panel or None
        Own series; the longest of them shows the season.
    freq : str or None
        Distance of two observations, which usually brings one.

    Returns
    -------
    int or None
        None if neither is there.
    """
    if panel is not None:
        return choose_season(max(panel.items, key=lambda item: item.target.size).target, freq)
    return usual_season(Frequency.parse(freq)) if freq else None
