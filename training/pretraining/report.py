"""The page of a pretrained family: what it learned from, how it went, what it scores without training.

Small lines and tables alone: the page lies in the repository, where the script of larger figures would weigh more than
all weights.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from statecast.models.family import FamilyConfig
from training.pretraining.config import PretrainConfig
from training.reports.page import compose_page, draw_table
from training.reports.sparklines import draw_samples
from training.synthetic.batches import Batches

_SAMPLES = 50


def write_report(path: Path, manifest: Mapping[str, Any], family: FamilyConfig, config: PretrainConfig) -> None:
    """Write one file that opens offline."""
    told = manifest["pretraining"]
    spent, seconds = told["spent"], max(told["curves"]["seconds"], 1.0)
    facts = (
        f"{manifest['parameters']:,} weights, {spent['series']:,} synthetic series, "
        f"{told['curves']['steps']:,} steps in {seconds / 60:.0f} minutes, of which "
        f"{100 * spent['drawing'] / seconds:.0f} % went into drawing them; no real series"
    )
    kept = told["curves"]
    curves = draw_samples(
        [(title, np.asarray([value for _, value in kept[title]])) for title in ("loss", "validation")]
    )
    curves += f"<p>Kept are the weights of step {kept['best_step']:,}: {kept['best']:.4f} on kinds held apart.</p>"
    apart = draw_table(
        "steps a season",
        ["pinball loss, seasonal naive 1", "bytes a session"],
        {season: [f"{value:.3f}", f"{_bytes(manifest, season)}"] for season, value in spent["by_season"].items()},
        ours="",
    )
    body = f"<h2>Training</h2>{curves}<h2>Kinds held apart, by season</h2>{apart}"
    body += _draw_scores(manifest)
    body += f"<h2>{_SAMPLES} series that it learned from</h2>{draw_samples(_drawn(family, config))}"
    path.write_text(compose_page(f"{manifest['name']}, pretrained", facts, body), encoding="utf-8")


def _bytes(manifest: Mapping[str, Any], season: str) -> str:
    """Bytes of a session of this season, where the manifest says."""
    known = manifest.get("state_bytes_by_season", {}).get(season)
    return "–" if known is None else f"{known:,}"


def _draw_scores(manifest: Mapping[str, Any]) -> str:
    """Tables of the scores without training, one a data set, where they were measured."""
    found = []
    for name, rows in manifest.get("scores_without_training", {}).items():
        columns = list(next(iter(rows.values())))
        cells = {
            model: ["–" if row.get(key) is None else f"{row[key]:.3f}" for key in columns]
            for model, row in rows.items()
        }
        table = draw_table("model", columns, cells, ours="statecast")
        found.append(f'<h2>{name}, not trained on</h2><div class="scroll">{table}</div>')
    return "".join(found)


def _drawn(family: FamilyConfig, config: PretrainConfig) -> list[tuple[str, Any]]:
    """The first row of each of the first batches of a run of another seed."""
    generator, batches = np.random.default_rng([config.seed, 2]), Batches(config.values, config.forks)
    drawn = [batches.draw(family.of, generator) for _ in range(_SAMPLES)]
    return [(f"season {batch.season}", batch.target[0].numpy()) for batch in drawn]
