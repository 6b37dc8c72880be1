"""Online anomaly detection on the labelled series of the Numenta Anomaly Benchmark, by its own rules.

    python -m benchmarks.anomalies [--data ../shared/data/nab] [--artifact artifacts/default]

Each value is compared with the forecast made one step before it, in one pass; nothing is fitted, nothing looks ahead. A
row's score is how far out its value was forecast to be, as a normal score; `standardised` measures it by what is usual
in its series so far. Beside it a detector of random numbers on the same series, and what the benchmark publishes of
others; `--data` may hold some of its 58 series.
"""

import argparse
import csv
import json
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import statecast
from benchmarks.anomalies.scoring import PROFILES, Labelled, corpus_score

PUBLISHED = {
    "ARTime": ((74.9, 65.1, 80.4), (67.1, 58.1, 72.7)),
    "Numenta HTM": ((70.1, 63.1, 74.3), (61.3, 54.3, 66.2)),
    "Random Cut Forest": ((51.7, 38.4, 59.7), (47.1, 34.7, 56.7)),
    "Twitter ADVec": ((47.1, 33.6, 53.5), (33.4, 19.5, 39.6)),
    "Windowed Gaussian": ((39.6, 20.9, 47.4), (12.1, 4.8, 16.0)),
}
"""Profile scores over all 58 series, and over the 18 of known causes and the artificial ones.

The former are those of github.com/numenta/NAB at commit ea702d7, ``results/final_results.json``; the latter come of the
anomaly scores per row that lie beside it, by the rules of ``scoring``, which give the former to a tenth.
"""
_SOME = 18
LONG = 8000


def surprising(values: NDArray[np.float64], artifact: statecast.Artifact) -> NDArray[np.float64]:
    """How far out each value was forecast to be, as a normal score; 0 for the first."""
    share = torch.from_numpy(artifact.anomalies(values).surprise.clip(1e-15, 1 - 1e-15))
    found: NDArray[np.float64] = np.nan_to_num(torch.special.ndtri(share).abs().numpy())
    return found


def standardised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many of their own standard deviations scores lie above their mean so far, over the last 8,000 at most."""
    ends = np.arange(1, len(scores) + 1)
    begins = np.maximum(ends - LONG, 0)
    sums, squares = (np.concatenate([[0.0], values.cumsum()]) for values in (scores, scores * scores))
    mean = (sums[ends] - sums[begins]) / (ends - begins)
    variance = (squares[ends] - squares[begins]) / (ends - begins) - mean**2
    found: NDArray[np.float64] = (scores - mean) / np.sqrt(np.maximum(variance, 1e-6))
    return found


def main() -> None:
    """Print profile scores."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/nab"))
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    options = parser.parse_args()
    labels = json.loads((options.data / "labels" / "combined_windows.json").read_text())
    torch.set_flush_denormal(True)
    artifact = statecast.load(options.artifact)
    kinds: dict[str, list[Labelled]] = {"surprise": [], "surprise, standardised": [], "random": []}
    draw, rows, began = np.random.default_rng(0), 0, time.perf_counter()
    for name, windows in labels.items():
        lines = list(csv.DictReader((options.data / name).open()))
        stamps = [line["timestamp"] for line in lines]
        values = np.array([float(line["value"]) for line in lines])
        places = [
            (
                next(i for i, t in enumerate(stamps) if t >= first[:19]),
                max(i for i, t in enumerate(stamps) if t <= last[:19]),
            )
            for first, last in windows
        ]
        raw = surprising(values, artifact)
        for kind, scores in zip(kinds, (raw, standardised(raw), draw.random(len(raw))), strict=True):
            kinds[kind].append(Labelled(scores, places))
        rows += len(values)
    took = time.perf_counter() - began
    print(f"{len(labels)} series, {rows} rows, {1e6 * took / rows:.0f} us per row")
    print("| detector | " + " | ".join(profile.name for profile in PROFILES) + " |\n|---|" + "---:|" * len(PROFILES))
    for kind, corpus in kinds.items():
        _print(kind, [corpus_score(corpus, profile)[0] for profile in PROFILES])
    for name, (whole, some) in PUBLISHED.items():
        if len(labels) == _SOME:
            _print(f"{name}, its published scores of these series", some)
        _print(f"{name}, published, 58 series", whole)


def _print(name: str, figures: Iterable[float]) -> None:
    print(f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
