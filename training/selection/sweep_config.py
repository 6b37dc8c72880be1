"""The settings that a sweep tries: table ``[sweep]`` of a config.

::

    [sweep]
    sampler = "tpe"                                        # or "grid", "random"
    trials = 30
    [sweep.network]
    width = [32, 64, 128]                                  # a choice
    [sweep.training]
    learning_rate = {from = 3e-4, to = 3e-3, log = true}   # a range
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from statecast.errors import ConfigError
from training.config import FitConfig
from training.toml import build_table, expect, read_toml

SAMPLERS = ("tpe", "grid", "random")
# What is tried where a config names no space.
DEFAULT_SPACE: dict[str, dict[str, Any]] = {
    "network": {"width": [32, 64, 128], "dropout": {"from": 0.0, "to": 0.4}},
    "training": {"learning_rate": {"from": 3e-4, "to": 3e-3, "log": True}},
}


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, whole ones if both are."""

    low: float
    """Lowest number."""
    high: float
    """Highest number."""
    log: bool = False
    """Whether they are tried evenly in their logarithm."""


@dataclass(frozen=True)
class SweepConfig:
    """Table ``[sweep]``: what is tried, and how."""

    sampler: str = "tpe"
    """`tpe`, `grid` or `random`."""
    trials: int = 20
    """Trials in all."""
    seed: int = 0
    """Seed of the sampler."""
    space: Mapping[tuple[str, str], tuple[Any, ...] | Range] = field(default_factory=dict)
    """Choices or ranges by ``(table, key)``."""

    def __post_init__(self) -> None:
        expect(self.sampler in SAMPLERS, "[sweep] sampler", f"one of {', '.join(SAMPLERS)}", self.sampler)
        expect(self.trials >= 1, "[sweep] trials", "a whole number above 0", self.trials)


def read_sweep(path: str | Path | None) -> tuple[FitConfig, SweepConfig]:
    """Read a config and its ``[sweep]``.

    Parameters
    ----------
    path : str, Path or None
        TOML file; None for all defaults.

    Returns
    -------
    tuple of FitConfig and SweepConfig
        What all trials share, and what is tried: where the file names nothing, ``DEFAULT_SPACE``.

    Raises
    ------
    ConfigError
        If a table, a key or a value is not what it must be.
    """
    tables = read_toml(path) if path else {}
    own = dict(tables.pop("sweep", {}))
    spaces = {name: own.pop(name, {}) for name in ("network", "training")}
    if not any(spaces.values()):
        spaces = DEFAULT_SPACE
    space = {
        (table, key): _space(f"[sweep.{table}] {key}", value)
        for table in spaces
        for key, value in spaces[table].items()
    }
    sweep = replace(build_table(SweepConfig, own, "sweep"), space=space)
    config = FitConfig.from_dict(tables)
    expect(not config.members, "[[members]]", "none in a sweep, which tries one network", len(config.members))
    for (table, key), values in space.items():
        # Each end must be a value that the key can take; what does not go together is found out by trying.
        for value in values if isinstance(values, tuple) else (values.low, values.high):
            if table == "training":
                build_table(type(config.training), {key: value}, "training")
            else:
                FitConfig.from_dict({"network": {key: value}})
        if sweep.sampler == "grid" and isinstance(values, Range):
            raise ConfigError(f"[sweep.{table}] {key}: expected a list for a grid, got a range; name the values")
    return config, sweep


def _space(name: str, value: Any) -> tuple[Any, ...] | Range:
    if isinstance(value, list) and value:
        return tuple(tuple(one) if isinstance(one, list) else one for one in value)
    if isinstance(value, Mapping) and set(value) <= {"from", "to", "log"} and {"from", "to"} <= set(value):
        expect(value["from"] < value["to"], name, "from below to", dict(value))
        return Range(value["from"], value["to"], bool(value.get("log", False)))
    raise ConfigError(f"{name}: expected a list of values or {{from, to, log}}, got {value!r}")
