"""The page of a pretrained family: what it learned from, its curves, what it scores without training.

It has sparklines and tables alone: the page is part of the repository, where the script of larger figures would weigh
more than all weights.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from statecast.models.family import FamilyConfig
from training.pretraining.config import PretrainConfig
from training.reports.page import Table, render, write_page
from training.reports.sparklines import Sparkline, new_sparklines
from training.synthetic.batches import Batches

_SAMPLES = 50


def write_report(path: Path, manifest: Mapping[str, Any], family: FamilyConfig, config: PretrainConfig) -> None:
    """Write one HTML file that opens offline.

    Parameters
    ----------
    path : Path
        File to write.
    manifest : mapping
        What the artifact says of the pretraining, and of scores without training where they were measured.
    family : FamilyConfig
        The shapes of the family's members.
    config : PretrainConfig
        How it was pretrained; series like those that it learned from are drawn anew.
    """
    curves = manifest["pretraining"]["curves"]
    page = render(
        "family.html.j2",
        f"{manifest['name']}, pretrained",
        _facts(manifest),
        curves=new_sparklines(
            (title, np.asarray([value for _, value in curves[title]])) for title in ("loss", "validation")
        ),
        best_step=f"{curves['best_step']:,}",
        best=f"{curves['best']:.4f}",
        seasons=_seasons(manifest),
        scores=_scores(manifest),
        samples=_samples(family, config),
    )
    write_page(path, page)


def _facts(manifest: Mapping[str, Any]) -> str:
    costs, curves = manifest["pretraining"]["spent"], manifest["pretraining"]["curves"]
    seconds = max(curves["seconds"], 1.0)
    return (
        f"{manifest['parameters']:,} weights, {costs['series']:,} synthetic series, "
        f"{curves['steps']:,} steps in {seconds / 60:.0f} minutes, of which "
        f"{100 * costs['drawing'] / seconds:.0f} % went into drawing them; no real series"
    )


def _seasons(manifest: Mapping[str, Any]) -> Table:
    """Validation and bytes per session by season."""
    known = manifest.get("state_bytes_by_season", {})
    rows = {
        season: [f"{value:.3f}", f"{known[season]:,}" if season in known else "–"]
        for season, value in manifest["pretraining"]["spent"]["by_season"].items()
    }
    return Table("steps per season", ["pinball loss, seasonal naive 1", "bytes per session"], rows)


def _scores(manifest: Mapping[str, Any]) -> dict[str, Table]:
    """Scores without training by data set, where they were measured."""
    found = {}
    for name, rows in manifest.get("scores_without_training", {}).items():
        columns = list(next(iter(rows.values())))
        cells = {
            model: ["–" if row.get(key) is None else f"{row[key]:.3f}" for key in columns]
            for model, row in rows.items()
        }
        found[name] = Table("model", columns, cells, ours="statecast")
    return found


def _samples(family: FamilyConfig, config: PretrainConfig) -> list[Sparkline]:
    """The first row of each of the first batches of a run of another seed."""
    generator, batches = np.random.default_rng([config.seed, 2]), Batches(config.values, config.forks)
    drawn = [batches.draw(family.of, generator) for _ in range(_SAMPLES)]
    return new_sparklines((f"season {batch.season}", batch.target[0].numpy()) for batch in drawn)
