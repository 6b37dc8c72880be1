"""Accuracy of classifiers on public data, and their speed over HTTP.

    python -m benchmarks.classification imdb [--data ../shared/data/imdb/imdb_train.csv.gz] [--seed 0] [--tutorial 1]
    python -m benchmarks.classification series [--data AEON.whl] [--sets GunPoint,ArrowHead] [--seeds 0,1,2]
    python -m benchmarks.classification speed [--data TABLE] [--artifacts artifacts] [--model imdb] [--count 512]

`imdb` fits `configs/imdb.toml`: a fifth of the reviews, held out by text, is the test; a linear model on tf-idf is
fitted and scored in the same run, and with --tutorial the two-layer LSTM of the textbook for so many epochs. `series`
fits `configs/series-classes.toml` on sets that the package aeon brings, on their own splits, beside 1-NN DTW; the
data are a folder of sets or the wheel that `pip download --no-deps aeon` fetches; left out, aeon is installed. `speed`
has a server and this process classify the same texts.
"""

import argparse
from pathlib import Path

from benchmarks.classification.imdb import measure_imdb
from benchmarks.classification.series import SETS, find_sets, measure_series
from benchmarks.classification.speed import measure_speed
from benchmarks.machine import describe_machine

_IMDB = Path("../shared/data/imdb/imdb_train.csv.gz")


def main() -> None:
    """Read the command line and run one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("imdb", "series", "speed"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, help="folder of the artifacts; none are kept if left out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--tutorial", type=int, default=0)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--model", default="imdb")
    parser.add_argument("--count", type=int, default=512, help="texts per turn")
    chosen = parser.parse_args()
    print(describe_machine())
    if chosen.name == "imdb":
        measure_imdb(chosen.data or _IMDB, seed=chosen.seed, out=chosen.out, tutorial=chosen.tutorial)
    elif chosen.name == "speed":
        measure_speed(chosen.data or _IMDB, chosen.artifacts, chosen.model, chosen.count)
    else:
        seeds = [int(seed) for seed in chosen.seeds.split(",")]
        measure_series(find_sets(chosen.data), chosen.sets.split(","), seeds, chosen.out)


if __name__ == "__main__":
    main()
