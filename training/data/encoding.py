"""Covariates fitted on training rows, and a panel as flat tensors that are cut by index."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.inputs.covariates import Covariate, encode_covariates
from statecast.inputs.level import deviations, find_level
from statecast.time.features import calendar_features, calendar_width
from training.data.coarse_tables import check_resolutions
from training.data.mixed_frequency import mixed_frequency_columns
from training.data.panel import CoarseValues, Panel
from training.data.splits import Split
from training.errors import TrainingError

_MOST_LEVELS = 64


def fit_covariates(panel: Panel, split: Split, config: ForecasterConfig) -> ForecasterConfig:
    """Add to a config how each covariate of a panel becomes numbers, learned from training rows only.

    Parameters
    ----------
    panel : Panel
        The series with their raw covariates.
    split : Split
        Where each item's training rows end.
    config : ForecasterConfig
        A network's, whose own covariates are replaced.

    Returns
    -------
    ForecasterConfig
        With a mean and a deviation for each covariate of numbers and the levels of each of texts.

    Raises
    ------
    TrainingError
        If a categorical covariate has too many levels.
    """
    first = panel.items[0]
    pairs = list(zip(panel.items, split.train.tolist(), strict=True))
    return replace(
        config,
        past_covariates=tuple(_fit(name, (item.past[name][:end] for item, end in pairs)) for name in first.past),
        future_covariates=tuple(_fit(name, (item.known[name][:end] for item, end in pairs)) for name in first.known),
        static_covariates=tuple(_fit(name, ([item.static[name]] for item in panel.items)) for name in first.static),
    )


def _fit(name: str, parts: Iterable[Any]) -> Covariate:
    values = np.concatenate([np.asarray(part) for part in parts])
    if values.dtype == object or values.dtype.kind in "US":
        levels = sorted({str(value) for value in values if value is not None})
        if len(levels) > _MOST_LEVELS:
            raise TrainingError(
                f"covariate {name!r}: has {len(levels)} levels; at most {_MOST_LEVELS}, or give numbers"
            )
        return Covariate(name, levels=tuple(levels)) if levels else Covariate(name)
    known = values[np.isfinite(values)]
    scale = float(known.std()) if known.size else 0.0
    return Covariate(name, loc=float(known.mean()) if known.size else 0.0, scale=scale if scale > 0 else 1.0)


@dataclass(frozen=True)
class PanelTensors:
    """All N rows of all I items, one after the other, and where each item begins."""

    target: Tensor
    """Deviations of the values ``[N]`` from their item's level, NaN missing."""
    past: Tensor
    """Past covariates ``[N, Cp]``."""
    known: Tensor
    """Columns known ahead ``[N, Ck]``, the calendar first."""
    mixed_frequency: Tensor
    """Coarse values ``[N, G]``, each at the last step of its bucket."""
    static: Tensor
    """Static covariates ``[I, S]``."""
    clock: Tensor
    """Clock ``[I]`` of each item's row 0."""
    offset: Tensor
    """Place ``[I]`` of each item in the flat rows."""
    length: Tensor
    """Rows ``[I]`` of each item."""
    first: Tensor
    """Row ``[I]`` of the first observed value."""
    level: Tensor
    """What ``target`` deviates from ``[I]`` float64: each item's first observed value, or 0 under a transform."""
    calendar_width: int
    """Number of columns of ``known`` that are the calendar's."""
    coarse: Mapping[int, Sequence[CoarseValues]] = field(default_factory=dict)
    """Coarse values of each item, by base steps per bucket."""
    coarse_history_length: int = 0
    """Most buckets that a series begins with."""

    def to(self, device: torch.device | str) -> "PanelTensors":
        """Move all rows to a device.

        Parameters
        ----------
        device : torch.device or str
            Where to.

        Returns
        -------
        PanelTensors
            The same rows there; values of coarse tables stay in numpy.
        """
        moved: dict[str, Any] = {
            name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        return replace(self, **moved)


def encode_panel(panel: Panel, config: ForecasterConfig) -> PanelTensors:
    """Turn a panel into the tensors that a network of this config reads.

    Parameters
    ----------
    panel : Panel
        The series.
    config : ForecasterConfig
        The network's, with its covariates fitted.

    Returns
    -------
    PanelTensors
        All rows, on the CPU.

    Raises
    ------
    InputError, TrainingError
        If a covariate, or the table of a coarser resolution, is not what the config expects.
    """
    check_resolutions(panel, config)
    levels = [0.0 if config.asinh_unit else float(np.nan_to_num(find_level(item.target))) for item in panel.items]
    targets, pasts, knowns, coarse, statics = [], [], [], [], []
    for item, level in zip(panel.items, levels, strict=True):
        rows = (item.target.size,)
        targets.append(deviations(item.target, level))
        pasts.append(encode_covariates(config.past_covariates, dict(item.past), rows))
        times = panel.times(item)
        knowns.append(known_columns(config, item.known, times, item.target.size))
        coarse.append(mixed_frequency_columns(item, config.mixed_frequency))
        statics.append(encode_covariates(config.static_covariates, dict(item.static), ()))
    lengths = np.asarray([target.size for target in targets], dtype=np.int64)
    return PanelTensors(
        target=torch.from_numpy(np.concatenate(targets)),
        past=torch.from_numpy(np.concatenate(pasts)),
        known=torch.from_numpy(np.concatenate(knowns)),
        mixed_frequency=torch.from_numpy(np.concatenate(coarse)),
        static=torch.from_numpy(np.stack(statics)),
        clock=_whole(item.clock for item in panel.items),
        offset=torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)[:-1]])),
        length=torch.from_numpy(lengths),
        first=_whole(item.first for item in panel.items),
        level=torch.tensor(levels, dtype=torch.float64),
        calendar_width=calendar_width(config.calendar),
        coarse={length: [item.mixed_frequency[length] for item in panel.items] for length in config.mixed_frequency},
        coarse_history_length=config.coarse_history_length,
    )


def known_columns(config: ForecasterConfig, known: Any, times: Any, rows: int) -> np.ndarray[Any, Any]:
    """Lay out the columns that are known ahead: the calendar's first, then encoded future covariates.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    known : mapping of str to array
        Raw future covariates ``[rows]`` by name.
    times : Times or None
        Time of each row; None without times, where the calendar is zeros.
    rows : int
        How many rows.

    Returns
    -------
    array
        ``[rows, Ck]`` float32.

    Raises
    ------
    InputError
        If a covariate is not what the config expects.
    """
    width = calendar_width(config.calendar)
    empty = np.zeros((rows, width), dtype=np.float32)
    calendar = empty if times is None else calendar_features(config.calendar, times)
    return np.concatenate([calendar, encode_covariates(config.future_covariates, dict(known), (rows,))], axis=-1)


def covariate_names(config: ForecasterConfig) -> dict[str, list[str]]:
    """Name the covariates that a network takes, for messages and manifests.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    Returns
    -------
    dict of str to list of str
        Names by kind: ``past``, ``future``, ``static``.
    """
    kinds = {"past": config.past_covariates, "future": config.future_covariates, "static": config.static_covariates}
    return {kind: [covariate.name for covariate in covariates] for kind, covariates in kinds.items()}


def _whole(values: Iterable[int]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.int64)
