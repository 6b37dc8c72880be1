"""What a GPU does, beside what was asked of it: one run of at most eight minutes, which begins with the tests of it.

    python -m benchmarks.gpu [--rows 1 64 1024 16384 65536 262144] [--data ../shared/data/ett/ETTh1.csv.gz]
    python -m benchmarks.gpu --device cpu --quick

Bandwidth is what a copy on the device reads and writes per second; a step would be at its limit if it read and wrote
each row of state once. Rows are at every place of the stride at which hindcasts begin and mature, so that a step is the
mean of all kinds. `replayed` is the captured graph alone, the others come from arrays of the host and go back to it.
`--quick` tries the script itself: small shapes, no figures worth reading.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import torch

import statecast
from benchmarks.gpu.serving import copy_bandwidth, rows_per_second
from benchmarks.gpu.training import command_seconds, values_per_second
from benchmarks.machine import describe_machine
from statecast.graphed import GraphedSlots

_LIMIT = 470.0  # seconds in all
_ROWS = 1, 64, 1024, 16_384, 65_536, 262_144


def line(what: str, figure: str, asked: str = "", before: str = "") -> None:
    """Print one row of the table."""
    print(f"{what:46}{figure:>22}{asked:>22}{before:>22}", flush=True)


def run_tests() -> None:
    """The tests that need the device come first: a figure of a wrong forecast is worth nothing."""
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "tests/gpu", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print("pytest -m gpu:", (done.stdout or done.stderr).strip().splitlines()[-1], flush=True)
    if done.returncode not in (0, 5):
        print(done.stdout[-6000:])


def measure_serving(device: torch.device, rows: list[int], seconds: float, quick: bool) -> None:
    """Print steps and forecasts."""
    network = statecast.load("artifacts/default").member(24).forecaster.to(device)
    assert isinstance(network, statecast.Forecaster)
    bandwidth = copy_bandwidth(device, 1 << (24 if quick else 31), seconds)
    line("copy on the device", f"{bandwidth / 1e12:.3f} TB/s")
    limit = bandwidth / (2 * network.spec.row_bytes)
    for count in rows:
        try:
            found = rows_per_second(network, count, device, seconds)
        except RuntimeError as error:
            line(f"{count:,} rows", str(error).splitlines()[0][:40])
            continue
        finally:
            if device.type == "cuda":
                torch.cuda.empty_cache()
        for name, rate in found.items():
            share = f", {rate / limit:.3f} of limit" if name.startswith("step") else ""
            asked = ">= 0.4 of limit" if count == 65_536 and name == "step" else ""
            asked = ">= 5 M/s" if count == 65_536 and name.startswith("forecast") else asked
            before = "0.058 of limit" if asked.endswith("limit") else "0.8 M/s" if asked else ""
            line(f"{name}, {count:,} rows", f"{rate / 1e6:.4f} M/s{share}", asked, before)
        if count == 64:
            both = 64e3 / found["step without hindcasts, replayed"] + 64e3 / found["forecast, replayed"]
            line("step and forecast replayed, 64 rows", f"{both:.3f} ms", "<= 0.5 ms", "6.3 ms")
    line("bfloat16: quantiles differ by up to", f"{GraphedSlots(network).bfloat16_error():.3g} of scale")


def measure_training(device: str, data: Path, quick: bool, began: float) -> None:
    """Print pretraining and fit beside one core."""
    torch.set_num_threads(1)
    steps = 4 if quick else 40
    core = values_per_second("cpu", steps if quick else 12, quick)
    here = values_per_second(device, steps, quick)
    line("pretraining, values/s on one core", f"{core:,.0f}")
    line(f"pretraining, values/s on {device}", f"{here:,.0f} ({here / core:.1f} times)", ">= 10 times")
    if quick:
        return
    commands = {"pretrain --steps 200": ["pretrain", "--steps", "200", "--device", device]}
    if data.exists():
        commands["fit configs/etth1.toml"] = ["fit", "configs/etth1.toml", "--data", str(data), "--device", device]
    else:
        line("fit configs/etth1.toml", f"no {data}")
    for name, options in commands.items():
        found = command_seconds(*options, limit=max(_LIMIT - (time.monotonic() - began), 1.0))
        before = "33 s (150 steps)" if name.startswith("pretrain") else "39 s"
        line(f"{name} on {device}", f"{found:.1f} s" if isinstance(found, float) else found, "to the end", before)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--rows", type=int, nargs="+", default=list(_ROWS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ett/ETTh1.csv.gz"))
    parser.add_argument("--seconds", type=float, default=1.0, help="of each figure of steps and forecasts")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device: expected a CUDA device, found none; use --device cpu --quick to try the script")
    began = time.monotonic()
    name = torch.cuda.get_device_name() if options.device == "cuda" else "no GPU"
    print(f"{name}; {describe_machine()}")
    run_tests()
    line("", "measured", "asked", "before (H200)")
    rows, seconds = ([4], 0.02) if options.quick else (options.rows, options.seconds)
    measure_serving(torch.device(options.device), rows, seconds, options.quick)
    measure_training(options.device, options.data, options.quick, began)
    line("whole run", f"{time.monotonic() - began:.0f} s", "< 480 s")


if __name__ == "__main__":
    main()
