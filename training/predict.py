"""Forecasts of whole tables with an artifact."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

import statecast
from statecast.models.family import REACH, Family
from statecast.models.roll_out import direct_quantiles
from statecast.time.axis import TimeAxis
from statecast.uncertainty.bounds import Bounds
from training.data.encoding import encode_panel
from training.data.panel import Item, Panel
from training.errors import TrainingError
from training.evaluation.reader import Reader
from training.pipeline import check_freq
from training.pretraining.member import serving

_ROWS = 256


@torch.inference_mode()
def forecast_panel(
    artifact: statecast.Artifact, panel: Panel, horizon: int | None = None, bounds: Bounds | None = None
) -> pd.DataFrame:
    """Forecast every item from its last observed value.

    Covariates known ahead are read from the rows after that value.

    Parameters
    ----------
    artifact : Artifact
        Of a forecaster or a family.
    panel : Panel
        The series, of its freq and with its covariates.
    horizon : int, optional
        Steps ahead; left out, the artifact's own. A family goes past it, up to ``REACH``.
    bounds : Bounds, optional
        What mean and quantiles are kept inside of; left out, see ``noticed_bounds``.

    Returns
    -------
    pandas.DataFrame
        A long table ``item_id, timestamp, mean`` and one column per quantile level, in the target's unit.

    Raises
    ------
    TrainingError
        If the horizon is beyond the artifact's, the freq differs, or covariates do not cover the horizon.
    """
    family = artifact.network.config if isinstance(artifact.network, Family) else None
    artifact = serving(artifact, panel)
    network, config = artifact.forecaster, artifact.forecaster.config
    own, most = (family.horizon, REACH) if family else (config.horizon, config.horizon)
    steps = own if horizon is None else horizon
    if not 1 <= steps <= most:
        raise TrainingError(f"horizon: {artifact.name} forecasts 1 to {most} steps, got {steps}")
    check_freq(artifact, panel)
    optional = bool(artifact.manifest.get("optional_covariates"))
    items = [_extend(item, steps, optional) for item in panel.items]
    tensors = encode_panel(Panel(tuple(items), panel.freq), config)
    reader = Reader(network, tensors)
    ends = torch.tensor([item.last + 1 for item in panel.items])
    reader.read(ends)
    parts = []
    for index in torch.arange(len(items)).split(_ROWS):
        known = reader.known_ahead(index, ends[index] - 1, steps)
        found = direct_quantiles(network, reader.state.take(index), known)
        quantiles, mean = (
            one.numpy() + reader.level[index].numpy().reshape(-1, *[1] * (one.dim() - 1)) for one in found
        )
        for at, number in enumerate(index.tolist()):
            item = panel.items[number]
            times, kept = _times(panel, item, steps), noticed_bounds(artifact, item) if bounds is None else bounds
            levels = {str(q): kept.keep(quantiles[at, :, k]) for k, q in enumerate(config.quantile_levels)}
            parts.append(
                pd.DataFrame({"item_id": item.item_id, "timestamp": times, "mean": kept.keep(mean[at]), **levels})
            )
    return pd.concat(parts, ignore_index=True)


def noticed_bounds(artifact: statecast.Artifact, item: Item) -> Bounds:
    """Say what an item's forecasts are kept inside of where nothing else is requested.

    Parameters
    ----------
    artifact : Artifact
        A fitted model, a family or its member.
    item : Item
        The series.

    Returns
    -------
    Bounds
        What the fit noticed; of a family what the series itself shows.
    """
    return Bounds.notice([item.target]) if artifact.manifest.get("kind") == "family" else artifact.bounds


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table to a file, by its suffix.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    path : Path
        File ``.csv``, ``.csv.gz`` or ``.parquet``; its folder is made if it is not there.

    Raises
    ------
    TrainingError
        If the suffix is another.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif ".csv" in path.suffixes:
        frame.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    else:
        raise TrainingError(f"{path}: expected .csv, .csv.gz or .parquet, got {path.suffix or 'no suffix'}")


def _times(panel: Panel, item: Item, steps: int) -> Any:
    """Times of the forecast: UTC, or texts where the item has another zone."""
    clocks = np.arange(item.clock + item.last + 1, item.clock + item.last + 1 + steps)
    if panel.freq is None:
        return clocks
    axis = TimeAxis(panel.freq, item.offset, item.zone)
    if not axis.reaches(int(clocks[-1])):
        last = axis.times(clocks[-1:])[0]
        raise TrainingError(f"item {item.item_id!r}: expected a forecast that ends by the year 9999, got {last}")
    return axis.texts(clocks) if item.zone else axis.times(clocks)


def _extend(item: Item, steps: int, optional: bool) -> Item:
    """Cut an item after its last value and add a horizon of rows that hold nothing but what is known ahead."""
    end = item.last + 1
    length = end + steps
    known = min(item.target.size, length) - end
    if item.known and known < steps and not optional:
        raise TrainingError(
            f"item {item.item_id!r}: {', '.join(item.known)} must be known for {steps} steps after the last value, "
            f"got {known}; add rows with an empty target"
        )
    return replace(
        item,
        target=_pad(item.target[:end], length),
        past={name: _pad(values[:end], length) for name, values in item.past.items()},
        known={name: _pad(values[:length], length) for name, values in item.known.items()},
    )


def _pad(values: NDArray[Any], length: int) -> NDArray[Any]:
    empty: Any = None if values.dtype == object else np.nan
    return np.concatenate([values, np.full(length - values.size, empty, dtype=values.dtype)])
