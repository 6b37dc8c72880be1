"""A distilled model beside its teacher, in float32 and int8: accuracy, size and time per step.

    python -m benchmarks.edge [--artifact artifacts/edge] [--teacher artifacts/default] [--data ../shared/data]

The artifact is one of `python -m training distill artifacts/default --freq 1h --out artifacts/edge`. M4 Hourly and
ETTh1 as in `benchmarks.accuracy.default_model`: every test origin, state carried from the first row; neither model was
trained on them. The int8 column is what the compiled header computes, bit by bit, which its test program, compiled
here, shows. Times are of one series on one core.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import statecast
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.machine import describe_machine
from statecast.models.forecaster import Forecaster
from training.data.encoding import encode_panel
from training.edge.c.compiler import find_compiler, run_test
from training.edge.distillation.teacher import observe
from training.edge.export.onnx_session import OnnxSession
from training.edge.export.pipeline import Format, export
from training.edge.exportable.coverage import choose_network
from training.edge.exportable.network_weights import NetworkWeights
from training.edge.exportable.quantization import stored_bytes
from training.edge.integer.network import IntegerNetwork
from training.evaluation.accuracy import Accuracy
from training.evaluation.backtest import Part, score_network
from training.evaluation.baselines.naive import Task
from training.evaluation.scoring import Forecasts, new_accuracy, score_forecasts
from training.pretraining.member import fitting
from training.selection.prepare import cut

_SETS = ("m4-hourly", "etth1")
_METRICS = ("mase", "wql")
_FORMATS: tuple[Format, ...] = ("onnx", "onnx-int8", "c")
_STEPS = 2000


def shortened(network: Forecaster, horizon: int) -> Forecaster:
    """The same network of a shorter horizon, whose forecasts are the first steps of its own."""
    own = Forecaster(replace(network.config, horizon=horizon))
    theirs = network.state_dict()
    own.load_state_dict(
        {name: theirs[name][tuple(slice(size) for size in value.shape)] for name, value in own.state_dict().items()}
    )
    return own.eval().requires_grad_(False)


def integer_forecasts(network: IntegerNetwork, task: Task, part: Part) -> Iterator[Forecasts]:
    """Forecasts of the int8 network from every origin of a part, items of one length together."""
    middle, groups = network.config.quantile_levels.index(0.5), dict[tuple[int, ...], list[int]]()
    for index, item in enumerate(task.panel.items):
        origins = part.origins(index, task.horizon)
        groups.setdefault((item.first, int(origins[0]), int(origins[-1])), []).append(index)
    for (first, begin, end), items in groups.items():
        values = np.stack([task.panel.items[index].target[: end + 1] for index in items])
        state, found = network.begin(len(items)), []
        for row in range(first, end + 1):
            state = network.step(state, values[:, row])
            if row >= begin:
                found.append(network.forecast(state)[:, : task.horizon])
        for at, index in enumerate(items):
            quantiles = np.stack([one[at] for one in found])
            median = quantiles[..., middle]
            yield Forecasts(index, np.arange(begin, end + 1), median, median, quantiles)


def score(artifact: statecast.Artifact, teacher: statecast.Artifact, name: str, data: Path) -> dict[str, Accuracy]:
    """Accuracy on one set: the teacher's, the student's in float32, the student's in int8."""
    protocol = PROTOCOLS[name]
    panel = protocol.read(data / protocol.path)
    horizon = protocol.horizons[0]
    member = fitting(teacher, panel, horizon).forecaster
    student = shortened(choose_network(artifact), horizon)
    split = cut(panel, protocol.config(name, horizon), horizon)
    task, part = Task(panel, split, student.config.season, horizon), Part(split.val, split.test)
    found = {}
    for title, network in (("teacher", member), ("student", student)):
        found[title] = score_network(network, encode_panel(panel.bare(), network.config), task, part, names=_METRICS)
    integer = IntegerNetwork(NetworkWeights.of(student))
    accuracy = new_accuracy(task, student.config.quantile_levels, _METRICS)
    return found | {"int8": score_forecasts(accuracy, task, integer_forecasts(integer, task, part))}


def print_accuracy(artifact: statecast.Artifact, teacher: statecast.Artifact, data: Path) -> None:
    """Print a line per set and metric."""
    titles = f"{'teacher':>10}{'student':>10}{'int8':>10}{'student / teacher':>20}{'int8 / student':>17}"
    print(f"\n{'set':12}{'metric':8}{titles}")
    for name in _SETS:
        tables = {title: accuracy.table() for title, accuracy in score(artifact, teacher, name, data).items()}
        for metric in _METRICS:
            theirs, ours, int8 = (tables[title][metric] for title in ("teacher", "student", "int8"))
            print(
                f"{name:12}{metric.upper():8}{theirs:10.4f}{ours:10.4f}{int8:10.4f}{ours / theirs:20.4f}"
                f"{int8 / ours:17.4f}",
                flush=True,
            )


def eager_time(network: Forecaster) -> float:
    """Milliseconds of processor time of a step and a forecast in the library."""
    observations, state = observe(network, torch.randn(1, 1))
    future = torch.zeros(1, network.config.horizon, 0)
    with torch.inference_mode():
        begun = time.process_time()
        for _ in range(_STEPS // 10):
            prediction, state = network.step(observations, state, future)
            prediction.quantiles()
    return 1e3 * (time.process_time() - begun) / (_STEPS // 10)


def onnx_time(session: OnnxSession) -> float:
    """Milliseconds of processor time of a step and a forecast in onnxruntime."""
    begun = time.process_time()
    for step in range(_STEPS):
        session.step(float(step % 24))
    return 1e3 * (time.process_time() - begun) / _STEPS


def print_sizes(artifact: statecast.Artifact, folder: Path) -> None:
    """Print a line per format: bytes, and milliseconds per step."""
    network = choose_network(artifact)
    integer = IntegerNetwork(NetworkWeights.of(network))
    weights = (folder / "model.safetensors").stat().st_size
    print(f"\n{'format':24}{'bytes':>10}{'ms per step and forecast':>28}")
    print(f"{'library, float32':24}{weights:10,}{eager_time(network):28.4f}")
    with tempfile.TemporaryDirectory() as place:
        for form in _FORMATS:
            export(artifact, form, Path(place) / form)
        for form in _FORMATS[:2]:
            path = Path(place) / form / "model.onnx"
            print(f"{form:24}{path.stat().st_size:10,}{onnx_time(OnnxSession(path, network.config)):28.4f}")
        stored, header = stored_bytes(integer.products, integer.parameters), Path(place) / "c" / "model.h"
        compiler = find_compiler()
        said = run_test(header.parent, compiler) if compiler else "no C compiler here"
        times = [float(found) for found in re.findall(r"([\d.]+) ms", said)]
        print(f"{'c, int8, read-only data':24}{stored:10,}" + (f"{sum(times):28.4f}" if times else ""))
        print(f"{'c, text of model.h':24}{header.stat().st_size:10,}")
    print(f"\nthe compiled header: {said}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/edge"))
    parser.add_argument("--teacher", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    if not options.artifact.exists():
        print(f"{options.artifact}: no such folder; python -m training distill makes one, see docs/howto/edge.md")
        return
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
    artifact, teacher = statecast.load(options.artifact), statecast.load(options.teacher)
    ours, theirs = (sum(one.numel() for one in each.network.parameters()) for each in (artifact, teacher))
    print(f"{artifact.name}: {ours:,} weights; {teacher.name}: {theirs:,}")
    print_sizes(artifact, options.artifact)
    if options.data.exists():
        print_accuracy(artifact, teacher, options.data)
    else:
        print(f"{options.data}: no such folder; pass the data folder as --data; it is not in the repository")


if __name__ == "__main__":
    main()
