"""A warm start: a table's own forecaster that knows what a pretrained family has learned."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import statecast
from statecast import Family
from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from training.data.panel import Panel
from training.errors import TrainingError
from training.selection.defaults import choose_network

REQUESTED = ("freq", "season", "horizon")
"""Keys of ``[network]`` that say what is requested of a family; all but ``_FREE`` others are the family's own."""
_SHIPPED = Path("artifacts/default")  # seen from the project's folder
_FREE = ("adaptation", "dropout")  # weights mean the same with any


def shipped() -> Path | None:
    """Look for the pretrained family that comes with the project.

    Returns
    -------
    Path or None
        Its folder, seen from the project's; None where it is not there.
    """
    return _SHIPPED if _SHIPPED.exists() else None


def choose_start(panel: Panel, start: str | Path, decided: Mapping[str, Any]) -> tuple[Family, ForecasterConfig]:
    """Load a family and choose the shape of its member for a panel; the horizon may be longer than its own.

    Parameters
    ----------
    panel : Panel
        The series, without covariates.
    start : str or Path
        Artifact of the family.
    decided : mapping of str to any
        Keys of ``[network]`` that are decided.

    Returns
    -------
    tuple of Family and ForecasterConfig
        The family, and the shape of one forecaster out of it.

    Raises
    ------
    TrainingError
        If the artifact is not a family, the panel has covariates, or the seasons or the horizon do not go together.
    ConfigError
        If ``decided`` has another value than the family for one of its own keys.
    """
    artifact = statecast.load(start)
    family = artifact.network
    if not isinstance(family, Family):
        raise TrainingError(f"start: expected a pretrained family, got {artifact.name}, a {artifact.kind}")
    first = panel.items[0]
    covariates = [str(name) for part in (first.past, first.known, first.static, first.mixed_frequency) for name in part]
    if covariates:
        raise TrainingError(
            f"start: {artifact.name} does not support covariates, the data has {', '.join(covariates)}: drop them, "
            "or pass --from to compare it with a network that does"
        )
    requested = choose_network(panel, {key: decided[key] for key in REQUESTED if key in decided})
    try:
        own = family.config.of(requested.season, requested.freq, requested.horizon)
    except ConfigError as error:
        raise TrainingError(f"start: {artifact.name} cannot start here: {error}; fit without it") from None
    shape = replace(own, adaptation=min(own.adaptation, requested.adaptation))
    wanted = ForecasterConfig.from_dict({**shape.to_dict(), **decided})
    for name in decided:
        ours, theirs = getattr(wanted, name), getattr(shape, name)
        if name not in _FREE and ours != theirs:
            raise ConfigError(f"[network] {name}: expected {theirs!r}, as {artifact.name} has it, got {ours!r}")
    return family, wanted
