"""The command ``export``: an artifact becomes files for a device."""

from pathlib import Path
from typing import Annotated, Literal

import typer

import statecast
from training.cli.console import refusals
from training.edge.export.pipeline import export as export_network


def export(
    artifact: Annotated[Path, typer.Argument(help="Artifact of a forecaster, such as `distill` writes.")],
    form: Annotated[
        Literal["onnx", "onnx-int8", "c"],
        typer.Option("--format", help="ONNX with float32 or int8 weights, or one header of C99 with int8 weights."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the files.")],
    season: Annotated[int | None, typer.Option(min=1, help="Steps per season, of a family.")] = None,
) -> None:
    """Export a step with state in and state out, checked against the library before it is kept."""
    with refusals() as console:
        for line in export_network(statecast.load(artifact), form, out, season):
            console.print(line, soft_wrap=True, highlight=False, markup=False)
