"""The page of a distilled model: its curves, and how it stands beside its teacher."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from statecast.models.interface import SeriesNetwork
from training.reports.page import Table, render, write_page
from training.reports.sparklines import new_sparklines


def write_report(path: Path, manifest: Mapping[str, Any], teacher: SeriesNetwork) -> None:
    """Write one HTML file that opens offline.

    Parameters
    ----------
    path : Path
        File to write.
    manifest : mapping
        What the artifact says of the distillation.
    teacher : SeriesNetwork
        Whom it is compared with.
    """
    facts, theirs = manifest["distillation"], sum(weight.numel() for weight in teacher.parameters())
    curves = facts["curves"]
    rows = {kind: [f"{value:.3f}"] for kind, value in facts["loss_over_teacher"].items()}
    page = render(
        "distilled.html.j2",
        f"{manifest['name']}, distilled",
        f"{manifest['parameters']:,} weights of the teacher's {theirs:,}; {curves['steps']:,} steps in "
        f"{max(curves['seconds'], 1.0) / 60:.0f} minutes; the teacher is {facts['teacher'][:19]}…",
        curves=new_sparklines(
            (title, np.asarray([value for _, value in curves[title]])) for title in ("loss", "validation")
        ),
        best_step=f"{curves['best_step']:,}",
        best=f"{curves['best']:.4f}",
        kinds=Table("series", ["pinball loss, the teacher 1"], rows),
    )
    write_page(path, page)
