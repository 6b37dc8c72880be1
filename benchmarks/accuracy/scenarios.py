"""Scenario paths against what came: bands, movement, joint score, width past the trained horizon.

    python -m benchmarks.accuracy.scenarios --etth1 ARTIFACT --m4-hourly ARTIFACT [--data ../shared/data]
                                            [--samples 200]

Each artifact is made by `fit` with the config of its name; `configs/m4-hourly.toml` says how. All figures are of test
rows, from states carried from the first row: ETTh1 from every 97th origin, M4 from the one origin of each series.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

import statecast
from benchmarks.accuracy.data import read_m4
from benchmarks.machine import describe_machine
from statecast.models.scenarios import Scenarios
from training.data.encoding import encode_panel
from training.data.panel import Panel
from training.data.tables import read_panel
from training.evaluation.reader import Reader
from training.pipeline import trained_with
from training.selection.prepare import cut

Array = NDArray[np.float64]


class Drawn(NamedTuple):
    """From one origin of I series: paths and independent draws ``[I, N, 2F]``, truth ``[I, F]``, quantiles."""

    far: Array
    independent: Array
    truth: Array
    quantiles: Array


def draw(artifact: statecast.Artifact, panel: Panel, samples: int, every: int) -> Iterator[Drawn]:
    """Paths of every series from every ``every``-th test origin."""
    network, split = artifact.forecaster, cut(panel, trained_with(artifact), artifact.forecaster.config.horizon)
    tensors, horizon = encode_panel(panel, network.config), network.config.horizon
    reader = Reader(network, tensors)
    seed = np.arange(len(panel.items))
    last = int((split.test - split.val).max()) - horizon
    for after in range(0, last + 1, every):
        reader.read(torch.from_numpy(split.val + after))
        future = torch.zeros(len(panel.items), 2 * horizon, network.config.known_width)
        scenarios = Scenarios.of(network, reader.state, future)
        scenarios = replace(
            scenarios,
            quantiles=scenarios.quantiles + reader.level[:, None, None],
            mean=scenarios.mean + reader.level[:, None],
        )
        far = torch.cat(list(scenarios.draw(samples, seed)), dim=2)
        alone = torch.zeros_like(scenarios.autocorrelation)
        alone[:, 0] = 1.0
        independent = torch.cat(list(replace(scenarios, autocorrelation=alone).draw(samples, seed)), dim=2)
        truth = np.stack(
            [item.target[end + after : end + after + horizon] for item, end in zip(panel.items, split.val, strict=True)]
        )
        yield Drawn(far.numpy(), independent.numpy(), truth.astype(np.float64), scenarios.quantiles.numpy())


def report(name: str, drawn: list[Drawn], segment: int) -> None:
    """Print every figure of a data set."""
    far, alone, truth, quantiles = (np.concatenate(part) for part in zip(*drawn, strict=True))
    horizon, items = truth.shape[1], len(drawn[0].truth)
    paths, alone = far[..., :horizon], alone[..., :horizon]
    low, high = np.quantile(far, [0.1, 0.9], axis=1)
    held = (truth >= low[:, :horizon]) & (truth <= high[:, :horizon])
    ratio = (high - low).sum(0) / (quantiles[..., -1] - quantiles[..., 0]).sum(0)
    segments = [ratio[at : at + segment].mean() for at in range(0, 2 * horizon, segment)]
    print(f"{name}: {len(drawn)} origins x {items} series, {paths.shape[1]} paths of {horizon} steps")
    print(f"  80 % bands hold {held.mean():.3f} of values (goal 0.77 to 0.83)")
    inside = segments[: len(segments) // 2]
    print(f"  band width / direct quantiles' by segment: {min(inside):.3f} to {max(inside):.3f} (goal 0.95 to 1.05)")
    print(f"  the same at twice the horizon: {max(segments[len(segments) // 2 :]):.3f} at most (goal: not above 1.05)")
    theirs = np.asarray([_movement(truth[at::items]) for at in range(items)])
    for label, what in (("paths", paths), ("independent", alone)):
        ours = np.asarray([_movement(what[at::items]) for at in range(items)])
        near = (np.abs(ours - theirs) <= 0.1).mean()
        print(
            f"  lag-1 autocorrelation of increments, {label}: mean {ours.mean():.3f}, actual {theirs.mean():.3f}; "
            f"within 0.1 in {near:.0%} of series" + (f"  {ours.round(2)} / {theirs.round(2)}" if items < 10 else "")
        )
    unit = np.tile([np.abs(np.diff(truth[at::items])).mean() + 1e-9 for at in range(items)], len(drawn))
    joint, separate = _energy(paths, truth) / unit, _energy(alone, truth) / unit
    print(f"  energy score against independent draws: {1 - joint.sum() / separate.sum():.1%} better (goal 10 %)")


def _movement(values: Array) -> float:
    change = np.diff(values, axis=-1)
    return float((change[..., 1:] * change[..., :-1]).sum() / max((change**2).sum(), 1e-12))


def _energy(paths: Array, truth: Array) -> Array:
    """E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007), ``[M]``; X' are the paths turned by half their number."""
    near = np.linalg.norm(paths - truth[:, None], axis=-1).mean(-1)
    apart = np.linalg.norm(paths - np.roll(paths, paths.shape[1] // 2, axis=1), axis=-1).mean(-1)
    score: Array = near - 0.5 * apart
    return score


def main() -> None:
    """Measure whatever artifacts are given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--etth1")
    parser.add_argument("--m4-hourly")
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--samples", type=int, default=200)
    options = parser.parse_args()
    print(describe_machine())
    torch.set_num_threads(1)
    with torch.inference_mode():
        for name, folder in (("ETTh1", options.etth1), ("M4 Hourly", options.m4_hourly)):
            if not folder:
                continue
            artifact = statecast.load(folder)
            if name == "ETTh1":
                columns = trained_with(artifact).data
                panel, every = read_panel(f"{options.data}/ett/ETTh1.csv.gz", columns.columns, columns.freq), 97
            else:
                panel, every = read_m4(f"{options.data}/m4"), 10**9
            drawn = list(draw(artifact, panel, options.samples, every))
            report(name, drawn, artifact.forecaster.config.segment_length)


if __name__ == "__main__":
    main()
