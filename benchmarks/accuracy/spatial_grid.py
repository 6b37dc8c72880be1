"""What neighbours on a grid are worth where something moves across it: fits with, without, and as plain covariates.

    python -m benchmarks.accuracy.spatial_grid [--seeds 0 1 2] [--steps 300] [--wind 0.25]

The field is synthetic, because no data set of the project lies on a grid: smooth values that the wind carries east and,
half as fast, south, that fade and are renewed on the way, and are measured with some noise. Rows are cells of it that
are far apart, each with the cells around it as past covariates. Errors are squared, in units of the field's variance,
on the last 15 % of the time; persistence is the last value.
"""

import argparse
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from statecast.inputs.spatial_grid import CENTRE
from training.config import FitConfig
from training.data.panel import Item, Panel
from training.evaluation.reader import Reader
from training.selection.prepare import FitSetup, prepare

SIDE, APART, LENGTH, HORIZON = 20, 4, 1600, 8
_MEMORY, _NOISE, _SMOOTH = 0.98, 0.1, 1.5  # share of the field that is left after a step; standard deviation; cells
Array = NDArray[np.float64]


def blown(wind: float, seed: int) -> Array:
    """A field ``[LENGTH, SIDE, SIDE]`` of variance 1 that wraps around at its edges; ``wind`` in cells per step."""
    random = np.random.default_rng(seed)
    down, right = np.meshgrid(*[2 * np.pi * np.fft.fftfreq(SIDE)] * 2, indexing="ij")
    blur = np.exp(-(down**2 + right**2) * _SMOOTH**2 / 2)
    blur /= np.sqrt((blur**2).mean())
    carry = _MEMORY * np.exp(-1j * wind * (right + down / 2))
    now, field = np.zeros((SIDE, SIDE), dtype=complex), np.empty((LENGTH, SIDE, SIDE))
    for step in range(-200, LENGTH):
        fresh = blur * np.fft.fft2(random.normal(size=now.shape))
        now = carry * now + np.sqrt(1 - _MEMORY**2) * fresh
        if step >= 0:
            field[step] = np.fft.ifft2(now).real
    return np.asarray(field + _NOISE * random.normal(size=field.shape))


def around(reach: int) -> tuple[tuple[str, ...], ...]:
    """Names of the places up to ``reach`` cells from the target."""
    span = range(-reach, reach + 1)
    return tuple(tuple(f"{y}_{x}" if (y, x) != (0, 0) else CENTRE for x in span) for y in span)


def cells(field: Array, reach: int) -> Panel:
    """Every ``APART``-th cell, with its neighbours."""
    items = []
    for y in range(0, SIDE, APART):
        for x in range(0, SIDE, APART):
            near = np.roll(field, (reach - y, reach - x), axis=(1, 2))
            values = {
                name: near[:, row, column].astype(np.float64)
                for row, names in enumerate(around(reach))
                for column, name in enumerate(names)
            }
            items.append(Item(f"{y}_{x}", 0, 0, values.pop(CENTRE), past=values))
    return Panel(tuple(items), None)


CANDIDATES: dict[str, tuple[int, dict[str, Any]]] = {
    "alone": (0, {}),
    "3 x 3, as covariates": (1, {}),
    "3 x 3, as a grid": (1, {"spatial_grid": around(1)}),
    "5 x 5, as covariates": (2, {}),
    "5 x 5, as a grid": (2, {"spatial_grid": around(2)}),
}


def errors(prepared: FitSetup) -> Array:
    """Squared errors of the median on the test rows, mean by step ahead, ``[F]``."""
    panel, split, found = prepared.task.panel, prepared.task.split, []
    reader = Reader(prepared.network, prepared.tensors)
    reader.read(torch.from_numpy(split.val))
    with torch.inference_mode():
        for items, origins, prediction in reader.forecast(torch.from_numpy(split.test - HORIZON)):
            median = prediction.quantiles()[..., prediction.levels.index(0.5)].double().numpy()
            rows = origins.numpy()[..., None] + 1 + np.arange(HORIZON)
            truth = np.concatenate([panel.items[i].target[at] for i, at in zip(items.tolist(), rows, strict=True)])
            found.append((median - truth) ** 2)
    return np.asarray(np.concatenate(found).mean(0))


def persistence(panel: Panel, begin: int) -> Array:
    """The same of the last value."""
    targets = np.stack([item.target[begin:] for item in panel.items]).astype(np.float64)
    return np.asarray([((targets[:, h:] - targets[:, :-h]) ** 2).mean() for h in range(1, HORIZON + 1)])


def main() -> None:
    """Fit all, print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--wind", type=float, default=0.25)
    given = parser.parse_args()
    print(describe_machine())
    ahead = [0, HORIZON // 2 - 1, HORIZON - 1]
    titles = [*(f"step {step + 1}" for step in ahead), "mean", "of seeds", "weights", "bytes", "CPU s"]
    print(f"{'neighbours':<28}" + "".join(f"{title:>10}" for title in titles))
    still = np.mean(
        [persistence(cells(blown(given.wind, seed), 0), int(0.85 * LENGTH)) for seed in given.seeds], axis=0
    )
    print(f"{'persistence':<28}" + "".join(f"{still[step]:10.3f}" for step in ahead) + f"{still.mean():10.3f}")
    for name, (reach, keys) in CANDIDATES.items():
        found, spent = [], 0.0
        for seed in given.seeds:
            network = {"horizon": HORIZON, "season": 1, "patch_length": 4, "width": 32, "resolutions": [1], **keys}
            training = {"seed": seed, "steps": given.steps, "batch": 16, "learning_rate": 3e-3, "forks": 30, "warm": 10}
            config = FitConfig.from_dict({"network": network, "training": training})
            prepared = prepare(cells(blown(given.wind, seed), reach), config)
            started = time.process_time()
            prepared.fit().run()
            spent += (time.process_time() - started) / len(given.seeds)
            found.append(errors(prepared))
        mean, each = np.mean(found, axis=0), np.mean(found, axis=1)
        row = "".join(f"{figure:10.3f}" for figure in [*mean[ahead], mean.mean()])
        weights = sum(weight.numel() for weight in prepared.network.parameters())
        spread = f"±{np.ptp(each) / 2:.3f}"
        print(
            f"{name:<28}{row}{spread:>10}{weights:>10,}{prepared.network.spec.row_bytes:>10,}{spent:>10.0f}", flush=True
        )


if __name__ == "__main__":
    main()
