"""Errors on the protocol that others publish on: ours, the baselines', the peers', and the published rows beside them.

    python -m benchmarks.accuracy [NAME] [--seeds 0,1,2] [--horizon H] [--peers] [--out DIR] [--data ../shared/data]

NAME is one of m4-hourly, m1-monthly, etth1, ettm1, weather, electricity, gefcom, airline, sunspots, min-temperatures,
births, bike-sharing, beijing-pm25. Ours is fitted with `configs/NAME.toml` where there is one, else with what `fit`
chooses by itself. AutoETS and AutoTheta come with the extra `stats`; NeuralForecast's LSTM and NHITS with the extra
`peers` and the option. Naive rows that miss what they must come to end the command with status 1.
"""

import argparse
import json
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import neural
from benchmarks.machine import describe_machine
from benchmarks.protocols import CONFIGS, PROTOCOLS, Protocol
from training.baselines import Task
from training.config import FitConfig
from training.evaluate import Part, score_baseline
from training.judge import OURS, Judgement
from training.panel import Item, Panel
from training.pipeline import cut, fit_panel
from training.report import format_score, list_left_out

TITLES = {"mse": "MSE", "mae": "MAE", "smape": "sMAPE", "mase": "MASE", "owa": "OWA", "pinball": "pinball"}
_PEER_SECONDS = 3600.0  # what a slow baseline may take where peers are asked for
_TOLERANCE = 1.5e-3  # published figures have three decimals
Row = dict[str, float | None]


@dataclass
class Results:
    """Rows by model, processor seconds by model, and what there is to say about them."""

    horizon: int = 0
    rows: dict[str, Row] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def measure(name: str, data: Path, out: Path, *, seeds: Sequence[int], config: FitConfig, peers: bool) -> Results:
    """Fit once a seed, judge the baselines with the first, then the peers."""
    protocol = PROTOCOLS[name]
    panel = protocol.read(data / protocol.path)
    results, baselines = Results(), Results()
    for number, seed in enumerate(seeds):
        judgement, costs = _fit(name, panel, config, out, seed, first=number == 0, peers=peers)
        results.horizon = judgement.scores[OURS].by_step()[0].size
        _keep(results, f"statecast, seed {seed}", judgement, costs)
        if number == 0:
            scored = judgement.rows
            baselines.rows = {key: row for key, row in scored.items() if key != OURS}
            baselines.seconds = judgement.seconds
            results.notes += list_left_out(judgement)
    if len(seeds) > 1:
        _average(results, len(seeds))
    if protocol.compared:
        bare = Panel(tuple(_without(item, protocol.compared) for item in panel.items), panel.freq)
        judgement, costs = _fit(name, bare, config, out, seeds[0], first=False, peers=False)
        _keep(results, f"statecast without {', '.join(protocol.compared)}, seed {seeds[0]}", judgement, costs)
    results.rows |= baselines.rows
    results.seconds |= {key: spent for key, spent in baselines.seconds.items() if key != OURS}
    if peers:
        _add_peers(results, panel, config, judgement, seeds[0])
    return results


def _fit(
    name: str, panel: Panel, config: FitConfig, out: Path, seed: int, *, first: bool, peers: bool
) -> tuple[Judgement, dict[str, Any]]:
    """One fit; slow baselines are judged with the first seed only."""
    chosen = replace(config.training, seed=seed)
    limit = _PEER_SECONDS if peers else chosen.baseline_seconds
    chosen = replace(chosen, boosting=first, baseline_seconds=limit if first else 0.0)
    folder = out / f"{name}-{seed}"
    outcome = fit_panel(panel, replace(config, training=chosen), folder, name=name)
    manifest = json.loads((folder / "manifest.json").read_text())
    return outcome.judgement, manifest["training"]["costs"]


def _keep(results: Results, title: str, judgement: Judgement, costs: dict[str, Any]) -> None:
    results.rows[title] = judgement.rows[OURS]
    results.seconds[title] = costs["processor_seconds"]
    print(f"{title}: {costs['steps']} steps in {costs['processor_seconds']} CPU s, {costs['parameters']} weights")


def _average(results: Results, count: int) -> None:
    rows = list(results.rows.values())
    mean: Row = {}
    spread: Row = {}
    for key in rows[0]:
        values = [float(value) for row in rows if (value := row[key]) is not None]
        mean[key] = float(np.mean(values)) if values else None
        spread[key] = float(np.ptp(values)) if values else None
    title = f"statecast, mean of {count}"
    results.seconds[title] = float(np.mean(list(results.seconds.values())))
    results.rows[title] = mean
    results.rows["statecast, highest less lowest"] = spread


def _without(item: Item, names: Sequence[str]) -> Item:
    return replace(item, known={key: values for key, values in item.known.items() if key not in names})


def _add_peers(results: Results, panel: Panel, config: FitConfig, judgement: Judgement, seed: int) -> None:
    if not neural.installed():
        results.notes.append("neuralforecast is not installed: no LSTM, no NHITS; the extra `peers` brings it.")
        return
    split = cut(panel, config, results.horizon)
    season = int(config.network.get("season", 0)) or _season(panel)
    task = Task(panel, split, season, results.horizon)
    for title in neural.NAMES:
        model, begun = neural.Neural(title, seed), time.process_time()
        try:
            model.fit(task)
        except ValueError as error:
            results.notes.append(f"{model.name} is left out: {error}.")
            continue
        scores = score_baseline(model, task, Part(split.val, split.test))
        table = Judgement({**judgement.scores, model.name: scores}).rows
        results.rows[model.name] = table[model.name]
        results.seconds[model.name] = time.process_time() - begun


def _season(panel: Panel) -> int:
    from training.defaults import choose_network

    return choose_network(panel, {}).season


def published(kind: str, name: str, horizon: int) -> dict[str, dict[str, float]]:
    """Rows of ``published.toml``: ``kind`` is ``published`` or ``harness``."""
    tables = tomllib.loads((Path(__file__).parent / "published.toml").read_text(encoding="utf-8"))
    found: dict[str, dict[str, float]] = tables[kind].get(name, {}).get(str(horizon), {})
    return found


def check_harness(name: str, horizon: int, rows: dict[str, Row]) -> list[str]:
    """Sentences on naive rows that do not come to what they must; none where all do."""
    wrong = []
    for model, expected in published("harness", name, horizon).items():
        for metric, value in expected.items():
            got = rows[model][metric]
            if got is None or abs(got - value) > _TOLERANCE:
                wrong.append(f"{model}: {TITLES[metric]} is {got}, must be {value}")
    return wrong


def lines(name: str, protocol: Protocol, results: Results) -> Iterator[str]:
    """The table as Markdown, published rows last, then the best of them beside ours."""
    metrics = protocol.metrics
    yield f"| {name}, {results.horizon} steps ahead | {' | '.join(TITLES[key] for key in metrics)} | CPU s |"
    yield f"|---|{'---:|' * (len(metrics) + 1)}"
    for title, row in results.rows.items():
        spent = f"{results.seconds[title]:.1f}" if title in results.seconds else ""
        yield f"| {title} | {' | '.join(format_score(key, row.get(key)) for key in metrics)} | {spent} |"
    others = published("published", name, results.horizon)
    for title, given in others.items():
        cells = [f"{given[key]:.3f}" if key in given else "–" for key in metrics]
        yield f"| published: {title} | {' | '.join(cells)} | |"
    ours = next((row for title, row in results.rows.items() if "mean of" in title), next(iter(results.rows.values())))
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
    parser.add_argument("--seeds", default="0", help="separated by commas")
    parser.add_argument("--horizon", type=int)
    parser.add_argument("--steps", type=int, help="training steps, fewer for a quick look")
    parser.add_argument("--peers", action="store_true", help="NeuralForecast too, and slow baselines in full")
    parser.add_argument("--out", type=Path, help="keep artifacts and results.json here")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    name, protocol = options.name, PROTOCOLS[options.name]
    config = protocol.config(name, options.horizon)
    if options.steps:
        config = replace(config, training=replace(config.training, steps=options.steps))
    seeds = [int(seed) for seed in options.seeds.split(",")]
    machine = describe_machine()
    source = f"configs/{name}.toml" if (CONFIGS / f"{name}.toml").exists() else "what fit chooses"
    print(f"{machine}\n{name}: {source}")
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or Path(folder)
        results = measure(name, options.data, out, seeds=seeds, config=config, peers=options.peers)
        for line in [*lines(name, protocol, results), *results.notes]:
            print(line)
        wrong = check_harness(name, results.horizon, results.rows)
        facts = {"machine": machine, "config": source, "seeds": seeds, "wrong": wrong, **vars(results)}
        (out / "results.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    if published("harness", name, results.horizon):
        print("harness: " + ("; ".join(wrong) or "naive rows come to what they must"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
