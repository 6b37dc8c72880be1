"""What a figure was measured on; without it a figure is worth nothing."""

import os
import platform
from pathlib import Path

import torch

from benchmarks.harness.server import commit_of


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def describe_machine() -> str:
    """One line: processor, cores, Python, torch, commit."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}, "
        f"commit {commit_of()}"
    )
