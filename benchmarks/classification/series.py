"""Series of the UCR and UEA archives on their own splits: ours, 1-NN DTW, and published InceptionTime."""

import importlib.util
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.classification.time_warping import nearest
from training.classification.config import ClassificationFitConfig
from training.classification.examples import LabelledExamples
from training.classification.pipeline import ClassOutcome, fit_classifier
from training.classification.scores import ClassScore
from training.errors import TrainingError
from training.evaluation.leaderboard import OURS

SETS = {
    "ItalyPowerDemand": 0.9650,
    "GunPoint": 1.0,
    "ArrowHead": 0.8457,
    "BasicMotions": 1.0,
    "JapaneseVowels": 0.9919,
}
"""Accuracy of InceptionTime as its authors publish it: hfawaz/InceptionTime, results-InceptionTime-128.csv and
results-mts.csv."""


def measure_series(folder: Path | zipfile.Path, names: Sequence[str], seeds: Sequence[int], out: Path | None) -> None:
    """Fit each set once per seed and print all accuracies.

    Parameters
    ----------
    folder : Path or zipfile.Path
        Folder with one folder per set.
    names : sequence of str
        Sets.
    seeds : sequence of int
        Of training.
    out : Path or None
        Folder of the artifacts; they are kept.
    """
    config = ClassificationFitConfig.read("configs/series-classes.toml")
    print(f"{'set':20} {'ours':>8} {'1-NN DTW':>9} {'published':>10} {'CPU s':>7}  session against whole")
    found: list[tuple[float, float, float]] = []
    for name in names:
        examples = read_set(folder / name, name)
        scores, seconds, gap = [], 0.0, 0.0
        for seed in seeds:
            outcome = _fit(name, examples, config, seed, out)
            score = outcome.leaderboard.scores[OURS]
            scores.append(score.accuracy if isinstance(score, ClassScore) else 0.0)
            seconds, gap = seconds + outcome.seconds, max(gap, session_gap(outcome, examples))
        ours, warped = float(np.mean(scores)), nearest(examples)
        found.append((ours, warped, SETS.get(name, float("nan"))))
        each = f"  ({', '.join(f'{one:.4f}' for one in scores)})" if len(scores) > 1 else ""
        print(f"{name:20} {ours:8.4f} {warped:9.4f} {found[-1][2]:10.4f} {seconds:7.1f}  {gap:.1e}{each}", flush=True)
    mean = np.mean(found, axis=0)
    print(f"{'mean':20} {mean[0]:8.4f} {mean[1]:9.4f} {mean[2]:10.4f}")
    near, better = mean[0] >= mean[2] - 0.02, all(ours > warped for ours, warped, _ in found)
    print(f"within 2 points of the published mean: {'yes' if near else 'NO'}; better than DTW on each: {better}")


def find_sets(given: Path | None) -> Path | zipfile.Path:
    """Find the sets that the package aeon brings, without importing it.

    Parameters
    ----------
    given : Path or None
        A folder with one folder per set, or the package as ``pip download --no-deps aeon`` fetches it; None where it is
        installed.

    Returns
    -------
    Path or zipfile.Path
        Folder with one folder per set.

    Raises
    ------
    TrainingError
        If it is not installed.
    """
    if given is not None:
        return given if given.suffix != ".whl" else zipfile.Path(given) / "aeon" / "datasets" / "data"
    spec = importlib.util.find_spec("aeon")
    if spec is None or spec.origin is None:
        raise TrainingError("aeon: not installed; pass --data with the file that pip download --no-deps aeon fetches")
    return Path(spec.origin).parent / "datasets" / "data"


def read_set(folder: Path | zipfile.Path, name: str) -> LabelledExamples:
    """Read both parts of a set.

    Parameters
    ----------
    folder : Path or zipfile.Path
        With ``NAME_TRAIN.ts`` and ``NAME_TEST.ts``.
    name : str
        Name of the set.

    Returns
    -------
    LabelledExamples
        With the set's own parts.
    """
    inputs, answers, parts = [], [], []
    for part in ("train", "test"):
        for line in _data_lines(folder / f"{name}_{part.upper()}.ts"):
            *channels, label = line.split(":")
            columns = [np.asarray(channel.replace("?", "nan").split(","), dtype=np.float64) for channel in channels]
            inputs.append(np.ascontiguousarray(np.column_stack(columns)))
            answers.append(label)
            parts.append(part)
    width = inputs[0].shape[1]
    return LabelledExamples(inputs, answers, tuple(f"channel_{place}" for place in range(width)), parts)


def _data_lines(path: Path | zipfile.Path) -> list[str]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    begin = next(place for place, line in enumerate(lines) if line.lower() == "@data")
    return [line for line in lines[begin + 1 :] if line and not line.startswith("#")]


def session_gap(outcome: ClassOutcome, examples: LabelledExamples, count: int = 5) -> float:
    """Read some series a step at a time, as a session does, and whole.

    Parameters
    ----------
    outcome : ClassOutcome
        Of the fit.
    examples : LabelledExamples
        The set.
    count : int
        Series to read.

    Returns
    -------
    float
        Largest difference of a probability.
    """
    network, worst, one = outcome.network.eval(), 0.0, torch.ones(1, dtype=torch.int64)
    with torch.inference_mode():
        for series in examples.inputs[-count:]:
            inputs = torch.from_numpy(series)[None]
            state = network.initial_state(1)
            for step in range(inputs.shape[1]):
                said, state = network.advance(inputs[:, step : step + 1], one, state)
            whole = network.run(inputs, torch.tensor([inputs.shape[1]]))
            worst = max(worst, float((said - whole).abs().max()))
    return worst


def _fit(
    name: str, examples: LabelledExamples, config: ClassificationFitConfig, seed: int, out: Path | None
) -> ClassOutcome:
    chosen = replace(config, training=replace(config.training, seed=seed))
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        outcome = fit_classifier(examples, chosen, (out or Path(folder)) / name, name=name)
    return replace(outcome, seconds=time.process_time() - started)
