"""Figures of speech.

    python -m benchmarks.speech accuracy   [--data ZIP] [--out FOLDER] [--steps N]
    python -m benchmarks.speech speakers   [...] each speaker left out in turn
    python -m benchmarks.speech directions [...] both ways, deep, convolution against one LSTM layer one way
    python -m benchmarks.speech speed      [...] real-time factor of the artifacts that accuracy made
    python -m benchmarks.speech buckets    [...] seconds per epoch with and without buckets
    python -m benchmarks.speech reference  [...] five layers of 512 both ways: the loss falls

Fits go on where they were broken off, and are not made anew where --out has their artifact.
"""

import argparse
import os
from pathlib import Path

import torch

from benchmarks.machine import describe_machine
from benchmarks.speech.accuracy import compare_directions, leave_out_speakers, score_digits
from benchmarks.speech.data import DATA
from benchmarks.speech.speed import time_buckets, time_transcription, train_reference

_COMMANDS = {
    "accuracy": score_digits,
    "speakers": leave_out_speakers,
    "directions": compare_directions,
    "speed": time_transcription,
    "buckets": time_buckets,
    "reference": train_reference,
}


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=_COMMANDS)
    parser.add_argument("--data", type=Path, default=DATA, help="zip file or folder of recordings")
    parser.add_argument("--out", type=Path, default=Path("artifacts/speech"), help="where artifacts go")
    parser.add_argument("--steps", type=int, default=0, help="steps of each fit; 0 for those of its config")
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.set_flush_denormal(True)
    print(describe_machine())
    _COMMANDS[arguments.figure](arguments.data, arguments.out, arguments.steps)


if __name__ == "__main__":
    main()
