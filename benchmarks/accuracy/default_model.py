"""The default model on data that it never saw, compared with baselines that were fitted on each set.

    python -m benchmarks.accuracy.default_model [--artifact artifacts/default] [--sets NAME ...]
                                                [--baseline-seconds S] [--card] [--data ../shared/data]

Nothing is trained. Every test origin of the published protocols, state carried from the first row; seasonal naive,
boosting and, where the extra `stats` is installed, AutoETS and AutoTheta, each fitted on the rows before the test
(those that would take long are left out, and named). Relative errors are ours divided by theirs, as a geometric mean
over sets. WQL of a baseline is that of its point forecast for all quantiles. --card writes the table into the artifact
and its report. ``benchmarks.zeroshot`` has other tasks: those on which others published, by their rules.
"""

import argparse
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch

import statecast
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.machine import describe_machine
from statecast.artifacts.artifact import Artifact
from statecast.models.family import Family
from training.data.encoding import encode_panel
from training.evaluation.backtest import Part, score_network
from training.evaluation.baselines.naive import Task
from training.evaluation.leaderboard import OURS, Leaderboard, new_leaderboard
from training.pretraining.config import PretrainConfig
from training.pretraining.member import fitting
from training.pretraining.pipeline import save_family
from training.progress import Silent
from training.selection.prepare import cut

_COLUMNS = ("mse", "mae", "smape", "mase", "owa", "wql", "coverage")
_AGAINST = ("seasonal_naive", "auto_ets", "auto_theta", "boosting")
Row = dict[str, float | None]


@dataclass(frozen=True)
class Found:
    """Rows by model on one set, ours first; ``raw`` coverage of our 80 % interval before any calibration."""

    rows: dict[str, Row]
    horizon: int
    season: int
    raw: float
    seconds: float
    left_out: dict[str, str]


def measure(artifact: Artifact, name: str, data: Path, baseline_seconds: float) -> Found:
    """Score one set."""
    protocol = PROTOCOLS[name]
    panel = protocol.read(data / protocol.path)
    horizon = protocol.horizons[0] if protocol.horizons else None
    member = fitting(artifact, panel, horizon).forecaster
    shape = member.config
    split = cut(panel, protocol.config(name, shape.horizon), shape.horizon)
    tensors, task = encode_panel(panel.bare(), shape), Task(panel, split, shape.season, shape.horizon)
    leaderboard = new_leaderboard(
        member, tensors, task, boosting=True, seed=0, watcher=Silent(), baseline_seconds=baseline_seconds
    )
    still = _uncalibrated(artifact).of(shape.season, shape.freq, shape.horizon)
    raw = score_network(still, tensors, task, Part(split.val, split.test)).table()["coverage"]
    return Found(_rows(leaderboard), shape.horizon, shape.season, raw, leaderboard.seconds[OURS], leaderboard.left_out)


def _uncalibrated(artifact: Artifact) -> Family:
    family = artifact.network
    assert isinstance(family, Family)
    still = Family(replace(family.config, adaptation=0.0))
    still.load_state_dict(family.state_dict())
    for length in still.calibrations:
        still.calibration(length).conformal_offsets.zero_()
        still.calibration(length).cold_start_widening.zero_()
    return still.eval()


def _rows(leaderboard: Leaderboard) -> dict[str, Row]:
    rows = {}
    for name, row in leaderboard.rows.items():
        whole = {key: row.get(key) for key in _COLUMNS}
        rows[name] = whole if name == OURS else {**whole, "wql": row.get("nd"), "coverage": None}
    return rows


def relative(found: dict[str, Found], model: str, metric: str) -> tuple[float, int, int]:
    """Geometric mean over sets of ours over a baseline's, how many sets there were, and on how many ours is lower."""
    ratios = []
    for one in found.values():
        ours, theirs = one.rows[OURS].get(metric), one.rows.get(model, {}).get(metric)
        if ours and theirs:
            ratios.append(ours / theirs)
    if not ratios:
        return math.nan, 0, 0
    return math.exp(sum(map(math.log, ratios)) / len(ratios)), len(ratios), sum(ratio < 1 for ratio in ratios)


def main() -> None:
    """Measure all sets, print, and write the card with ``--card``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--sets", nargs="+", default=list(PROTOCOLS), choices=PROTOCOLS, metavar="NAME")
    parser.add_argument("--baseline-seconds", type=float, default=60.0)
    parser.add_argument("--card", action="store_true", help="write the table into the artifact and its report")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    if not options.data.exists():
        print(f"{options.data}: no such folder; pass the data folder as --data; it is not in the repository")
        return
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
    artifact = statecast.load(options.artifact)
    found = {}
    for name in options.sets:
        one = found[name] = measure(artifact, name, options.data, options.baseline_seconds)
        coverage = (
            f"80 % interval {one.raw:.3f} raw, {one.rows[OURS]['coverage']:.3f} adjusted; {one.seconds:.0f} CPU s"
        )
        print(f"\n{name}: {one.horizon} steps ahead, season {one.season}; {coverage}", flush=True)
        print("  " + " ".join(f"{title:>9}" for title in ("", *_COLUMNS)).strip())
        for model, row in one.rows.items():
            cells = " ".join(f"{'–' if row[key] is None else format(row[key], '.4f'):>9}" for key in _COLUMNS)
            print(f"  {model:18}{cells}")
        for model, reason in one.left_out.items():
            print(f"  {model} is left out: {reason}")
    print()
    for model in _AGAINST:
        for metric in ("mase", "wql"):
            mean, count, wins = relative(found, model, metric)
            print(f"{metric.upper()} relative to {model}: {mean:.3f} over {count} sets, lower on {wins}")
    if options.card:
        write_card(artifact, options.artifact, found)


def write_card(artifact: Artifact, folder: Path, found: dict[str, Found]) -> None:
    """Write what was found into the manifest and the report; the weights stay as they are."""
    manifest = json.loads(json.dumps(artifact.manifest))
    manifest["scores_without_training"] = {name: one.rows for name, one in found.items()}
    manifest["coverage_without_training"] = {
        name: {"raw": round(one.raw, 4), "adjusted": one.rows[OURS]["coverage"]} for name, one in found.items()
    }
    family = artifact.network
    assert isinstance(family, Family)
    print(f"wrote {save_family(folder, family, manifest, PretrainConfig(**manifest['pretraining']['config']))}")


if __name__ == "__main__":
    main()
