"""Fits and pretraining on a device, beside one core of the CPU."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from statecast.models.family import Family, FamilyConfig
from training.fitting.loop import Fit
from training.pretraining.config import PretrainConfig
from training.pretraining.objective import FamilyPretraining


def values_per_second(device: str, steps: int, quick: bool) -> float:
    """Values that a pretraining learns from per second, drawing included, start-up and validation not."""
    shape = FamilyConfig(width=8, patches=((12, 8, 16), (512, 32, 16))) if quick else FamilyConfig()
    warm, whole = max(steps // 4, 1), PretrainConfig(steps=steps, validation_every=10 * steps, device=device)
    if quick:
        whole = replace(whole, values=3000, values_on_gpu=6000, forks=3, judged=2)
    torch.manual_seed(0)
    objective = FamilyPretraining(Family(shape), whole)
    fit = Fit(objective)
    fit.run(stop_after=warm)
    began = time.perf_counter()
    fit.run(stop_after=steps - 1)
    values = whole.values_on_gpu if device == "cuda" else whole.values
    return (steps - 1 - warm) * values / (time.perf_counter() - began)


def command_seconds(*options: str, limit: float) -> float | str:
    """Wall time of ``python -m training`` with these options, or why there is none."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "training", *options, "--out", str(Path(folder, "made"))]
        began = time.perf_counter()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return f"not done in {limit:.0f} s"
        if done.returncode:
            return (done.stderr or done.stdout).strip().splitlines()[-1][:100]
        return time.perf_counter() - began
