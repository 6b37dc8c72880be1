"""Errors on published protocols: ours, the baselines', the peers', and the published rows for comparison.

    python -m benchmarks.accuracy [NAME] [--config NAME] [--from ARTIFACT] [--seeds 0,1,2] [--horizon H]
                                  [--cell NAME] [--peers] [--out DIR] [--data ../shared/data]

NAME is one of m4-hourly, m1-monthly, etth1, ettm1, weather, electricity, gefcom, airline, sunspots, min-temperatures,
births, bike-sharing, beijing-pm25. Ours is fitted with `configs/NAME.toml` where there is one, otherwise, or with
`--config none`, with what `fit` chooses by itself; with `--from` validation chooses between that and a pretrained
family, as it is or tuned. With `--cell` nothing but the recurrent cell differs from the config, and no clock ends a fit
early. AutoETS and AutoTheta come with the extra `stats`; NeuralForecast's LSTM and NHITS with the
extra `peers` and the option. Naive rows that miss their expected figures end the command with status 1.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.accuracy import neural
from benchmarks.accuracy.protocols import CONFIGS, PROTOCOLS, Protocol, list_configs
from benchmarks.accuracy.published import TITLES, Row, check_harness, published, tell_source
from benchmarks.machine import describe_machine
from training.config import FitConfig
from training.data.panel import Item, Panel
from training.evaluation.backtest import Part, score_baseline
from training.evaluation.baselines.naive import Task
from training.evaluation.leaderboard import OURS, Leaderboard, show
from training.pipeline import fit_panel
from training.selection.prepare import cut
from training.selection.warm_start import shipped

_PEER_SECONDS = 900.0  # what a slow baseline may take with --peers


@dataclass
class Results:
    """Rows by model, CPU seconds by model, and notes on them."""

    horizon: int = 0
    rows: dict[str, Row] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def measure(
    name: str,
    data: Path,
    out: Path,
    *,
    seeds: Sequence[int],
    config: FitConfig,
    base: Path | None = None,
    peers: bool,
) -> Results:
    """Fit once per seed, score the baselines with the first, then the peers. ``base``: a family to start from too."""
    protocol = PROTOCOLS[name]
    panel = protocol.read(data / protocol.path)
    results, baselines = Results(), Results()
    for number, seed in enumerate(seeds):
        leaderboard, costs = _fit(name, panel, config, out, seed, base=base, first=number == 0, peers=peers)
        results.horizon = leaderboard.scores[OURS].by_step("mae").size
        _keep(results, f"{OURS}, seed {seed}", leaderboard, costs)
        if number == 0:
            baselines.rows = {key: row for key, row in leaderboard.rows.items() if key != OURS}
            baselines.seconds = leaderboard.seconds
            results.notes += leaderboard.left_out_reasons()
    _average(results, OURS)
    if protocol.compared:
        bare = Panel(tuple(_without(item, protocol.compared) for item in panel.items), panel.freq)
        title = f"{OURS} without {', '.join(protocol.compared)}"
        for seed in seeds:
            _keep(results, f"{title}, seed {seed}", *_fit(name, bare, config, out / "bare", seed))
        _average(results, title)
        results.notes.append(_gain(results, title))
    results.rows |= baselines.rows
    results.seconds |= {key: spent for key, spent in baselines.seconds.items() if key != OURS}
    if peers:
        _add_peers(results, panel, config, leaderboard, seeds[0])
    return results


def _fit(
    name: str,
    panel: Panel,
    config: FitConfig,
    out: Path,
    seed: int,
    *,
    base: Path | None = None,
    first: bool = False,
    peers: bool = False,
) -> tuple[Leaderboard, dict[str, Any]]:
    """One fit; slow baselines are scored with the first seed only."""
    chosen = replace(config.training, seed=seed)
    limit = _PEER_SECONDS if peers else chosen.baseline_seconds
    chosen = replace(chosen, boosting=first, baseline_seconds=limit if first else 0.0)
    folder = out / f"{name}-{seed}"
    outcome = fit_panel(panel, replace(config, training=chosen), folder, name=name, base=base, family=shipped())
    manifest = json.loads((folder / "manifest.json").read_text())
    return outcome.leaderboard, manifest["training"]["costs"]


def _keep(results: Results, title: str, leaderboard: Leaderboard, costs: dict[str, Any]) -> None:
    results.rows[title] = leaderboard.rows[OURS]
    results.seconds[title] = costs["processor_seconds"]
    print(f"{title}: {costs['steps']} steps in {costs['processor_seconds']} CPU s, {costs['parameters']} weights")


def _average(results: Results, title: str) -> None:
    """Add the mean of a model's seeds, and how far they lie apart."""
    seeds = [key for key in results.rows if key.startswith(f"{title}, seed")]
    if len(seeds) < 2:
        return
    mean, apart = f"{title}, mean of {len(seeds)}", f"{title}, highest less lowest"
    results.rows[mean], results.rows[apart] = {}, {}
    for key in results.rows[seeds[0]]:
        values = [float(value) for seed in seeds if (value := results.rows[seed][key]) is not None]
        results.rows[mean][key] = float(np.mean(values)) if values else None
        results.rows[apart][key] = float(np.ptp(values)) if values else None
    results.seconds[mean] = float(np.mean([results.seconds[seed] for seed in seeds]))


def _row(results: Results, title: str) -> Row:
    """A model's mean over seeds; its only seed where there is one."""
    keys = [key for key in results.rows if key.startswith((f"{title}, seed", f"{title}, mean"))]
    return results.rows[keys[-1]]


def _gain(results: Results, without: str) -> str:
    ours, theirs = (float(_row(results, title)["pinball"] or np.nan) for title in (OURS, without))
    return f"pinball: {ours:.4f}, {100 * (1 - ours / theirs):.1f} % below {theirs:.4f}, {without}."


def _without(item: Item, names: Sequence[str]) -> Item:
    return replace(item, known={key: values for key, values in item.known.items() if key not in names})


def _add_peers(results: Results, panel: Panel, config: FitConfig, leaderboard: Leaderboard, seed: int) -> None:
    if not neural.installed():
        results.notes.append("neuralforecast is not installed: no LSTM, no NHITS; the extra `peers` brings it.")
        return
    split = cut(panel, config, results.horizon)
    season = int(config.network.get("season", 0)) or _season(panel)
    task = Task(panel, split, season, results.horizon)
    for title in neural.NAMES:
        model, started = neural.Neural(title, seed), time.process_time()
        try:
            model.fit(task)
        except ValueError as error:
            results.notes.append(f"{model.name} is left out: {error}.")
            continue
        scores = score_baseline(model, task, Part(split.val, split.test))
        table = Leaderboard({**leaderboard.scores, model.name: scores}).rows
        results.rows[model.name] = table[model.name]
        results.seconds[model.name] = time.process_time() - started


def _season(panel: Panel) -> int:
    from training.selection.defaults import choose_network

    return choose_network(panel, {}).season


def lines(name: str, protocol: Protocol, results: Results) -> Iterator[str]:
    """The table as Markdown, published rows last, then the best of them beside ours."""
    metrics = protocol.metrics
    yield f"| {name}, {results.horizon} steps ahead | {' | '.join(TITLES[key] for key in metrics)} | CPU s |"
    yield f"|---|{'---:|' * (len(metrics) + 1)}"
    for title, row in results.rows.items():
        spent = f"{results.seconds[title]:.1f}" if title in results.seconds else ""
        yield f"| {title} | {' | '.join(show(key, row.get(key)) for key in metrics)} | {spent} |"
    others = published("published", name, results.horizon)
    for title, given in others.items():
        cells = [f"{given[key]:.3f}" if key in given else "–" for key in metrics]
        yield f"| published: {title} | {' | '.join(cells)} | |"
    if others:
        yield f"Published rows: {tell_source(name)}."
    ours = _row(results, OURS)
    for key in metrics:
        known = {title: given[key] for title, given in others.items() if key in given}
        own = ours.get(key)
        if known and own is not None:
            best = min(known, key=lambda title: known[title])
            says = "at or below" if own <= known[best] else f"{100 * (own / known[best] - 1):.1f} % above"
            yield f"{TITLES[key]}: {own:.4f}, {says} the best published, {known[best]:.3f} ({best})."


def main() -> None:
    """Measure one data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="airline", choices=PROTOCOLS)
    parser.add_argument(
        "--config", choices=[*list_configs(), "none"], metavar="NAME", help="another config of configs/, or none"
    )
    parser.add_argument("--from", dest="base", type=Path, metavar="ARTIFACT", help="artifact of a pretrained family")
    parser.add_argument("--seeds", default="0", help="separated by commas")
    parser.add_argument("--horizon", type=int)
    parser.add_argument("--steps", type=int, help="training steps, fewer for a quick look")
    parser.add_argument("--cell", help="another recurrent cell than the config's, without a limit of seconds")
    parser.add_argument("--peers", action="store_true", help="NeuralForecast too, and slow baselines in full")
    parser.add_argument("--out", type=Path, help="keep artifacts and results.json here")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    name, protocol = options.name, PROTOCOLS[options.name]
    if not (options.data / protocol.path).exists():
        print(f"{options.data / protocol.path}: no such file; pass its folder as --data; it is not in the repository")
        return
    chosen = options.config or name
    config = protocol.config(chosen, options.horizon)
    if options.steps:
        config = replace(config, training=replace(config.training, steps=options.steps))
    if options.cell:
        training = replace(config.training, seconds=0.0)
        config = replace(config, network={**config.network, "cell": options.cell}, training=training)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    machine = describe_machine()
    source = f"configs/{chosen}.toml" if (CONFIGS / f"{chosen}.toml").exists() else "what fit chooses"
    print(f"{machine}\n{name}: {source}")
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or Path(folder)
        results = measure(name, options.data, out, seeds=seeds, config=config, base=options.base, peers=options.peers)
        for line in [*lines(name, protocol, results), *results.notes]:
            print(line)
        wrong = check_harness(name, results.horizon, results.rows)
        facts = {"machine": machine, "config": source, "seeds": seeds, "wrong": wrong, **vars(results)}
        (out / "results.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    if published("harness", name, results.horizon):
        print("harness: " + ("; ".join(wrong) or "naive rows reach their expected figures"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
