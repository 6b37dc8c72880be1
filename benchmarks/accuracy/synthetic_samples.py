"""Fifty synthetic series beside fifty real ones of similar freqs, on one page.

    python -m benchmarks.accuracy.synthetic_samples [--data ../shared/data] [--seed 0] [--out samples.html]

Is the generator believable? The page is to be looked at, not scored: what still looks unreal is noted in docs/LOG.md.
Left synthetic, right real.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.accuracy.protocols import PROTOCOLS
from training.reports.page import render
from training.reports.sparklines import new_sparklines
from training.synthetic.batches import SEASONS
from training.synthetic.damage import damage, gaps
from training.synthetic.families import learned
from training.synthetic.shape import Array, Shape

# Season of each set, and how many of its series are drawn.
_REAL = {
    "m4-hourly": (24, 12), "etth1": (24, 5), "electricity": (24, 3), "gefcom": (24, 1), "bike-sharing": (24, 1),
    "beijing-pm25": (24, 1), "weather": (144, 10), "ettm1": (96, 4), "m1-monthly": (12, 10), "min-temperatures": (7, 1),
    "births": (7, 1), "sunspots": (12, 1),
}  # fmt: skip
_STEPS = {1: 60, 4: 80, 7: 300, 12: 120}


def real_series(folder: Path, generator: np.random.Generator) -> list[tuple[str, int, Array]]:
    """Name, season and a stretch of the training rows of each."""
    found = []
    for name, (season, count) in _REAL.items():
        protocol = PROTOCOLS[name]
        items = protocol.read(folder / protocol.path).items
        for index in generator.permutation(len(items))[:count]:
            values = items[index].target[: int(items[index].target.size * 0.7)].astype(np.float64)
            length = min(_STEPS.get(season, 400), values.size)
            begin = int(generator.integers(0, values.size - length + 1))
            found.append((f"{name} {items[index].item_id}", season, values[begin : begin + length]))
    return found


def main() -> None:
    """Draw, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("samples.html"))
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    real = real_series(options.data, generator)
    long = {entry.season: entry.long for entry in SEASONS}
    drawn = []
    for _, season, values in real:
        shape = Shape(8, values.size, season, long[season])
        batch = damage(learned(shape, generator), generator)
        batch[gaps(batch, generator)] = np.nan
        drawn.append((f"season {season}", batch[int(generator.integers(8))]))
    sides = {"Synthetic": new_sparklines(drawn), "Real": new_sparklines((name, values) for name, _, values in real)}
    facts = f"{len(drawn)} each, seed {options.seed}"
    options.out.write_text(render("samples.html.j2", "Synthetic and real", facts, sides=sides), encoding="utf-8")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
