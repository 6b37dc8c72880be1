"""How far the forecast of a session is from the forecast of the whole history: law 1, over HTTP, on real data.

    python -m benchmarks.sessions.equality [TABLE.csv.gz] [--artifacts artifacts] [--model NAME] [--splits 20]

Each column of the table is a series; 2 % of its values are taken out; each is cut at random places into requests.
"""

import argparse
import asyncio
import csv
import gzip
import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.client import Client
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine

_MISSING = 0.02


def read_columns(path: Path, rows: int) -> tuple[str, dict[str, list[float]]]:
    """Read the first time (RFC 3339) and the last ``rows`` values of each numeric column after the first."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as file:
        header, *lines = csv.reader(file)
    kept = lines[-rows:]
    return f"{kept[0][0].replace(' ', 'T')}Z", {
        name: [float(line[column]) for line in kept] for column, name in enumerate(header) if column
    }


def cut(values: list[float | None], chance: random.Random) -> list[list[float | None]]:
    """Pieces of random sizes, single observations among them."""
    pieces, place = [], 0
    while place < len(values):
        size = chance.choice([1, 1, 2, 7, 24, 100, 333, 1000])
        pieces.append(values[place : place + size])
        place += size
    return pieces


def _gap(ours: Mapping[str, Any], theirs: Mapping[str, Any], spread: float) -> float:
    lists = [
        (ours["mean"], theirs["mean"]),
        *((ours["quantiles"][q], theirs["quantiles"][q]) for q in ours["quantiles"]),
    ]
    worst: float = max(abs(a - b) for mine, yours in lists for a, b in zip(mine, yours, strict=True))
    return worst / spread


async def measure(
    server: Server, start: str, columns: Mapping[str, list[float]], splits: int, model: str | None, seed: int = 0
) -> float:
    """Worst difference of stepped and whole, as a share of the series' standard deviation."""
    chance, worst = random.Random(seed), 0.0
    options = {"model": model} if model else {}
    async with Client(server) as client:
        for number in range(splits):
            name = chance.choice(sorted(columns))
            first, *rest = columns[name]
            values = [first, *(None if chance.random() < _MISSING else value for value in rest)]
            spread = float(np.nanstd(np.array(values, dtype=np.float64))) or math.inf
            place = {"start": start, "freq": "1h"}
            whole = await client.forecast([{"target": values, **place}], **options)
            session, index = {"session": f"equal-{seed}-{number}"}, 0
            for piece in cut(values, chance):
                begin = np.datetime64(start[:-1]) + np.timedelta64(index, "h")
                series = {"target": piece, "start": f"{begin}Z", "freq": "1h", **session}
                stepped = await client.forecast([series], **options)
                index += len(piece)
            worst = max(worst, _gap(stepped["forecasts"][0], whole["forecasts"][0], spread))
    return worst


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", default=Path("../shared/data/ett/ETTh1.csv.gz"))
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--model")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--rows", type=int, default=3000)
    options = parser.parse_args()
    print(describe_machine())
    start, columns = read_columns(options.table, options.rows)
    with running_server(options.artifacts) as server:
        worst = asyncio.run(measure(server, start, columns, options.splits, options.model))
    print(f"{options.splits} random splits of {options.rows} rows, 2 % missing: worst difference {worst:.2e} of the")
    print("series' standard deviation")


if __name__ == "__main__":
    main()
