"""The commands that use an artifact: ``backtest`` and ``forecast``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import statecast
from training.cli.console import print_leaderboard, print_panel, refusals
from training.cli.fit import KINDS
from training.cli.options import (
    Data,
    Dayfirst,
    Decimal,
    Encoding,
    FreqText,
    Id,
    Lower,
    Metrics,
    Resolution,
    Separator,
    Target,
    Timestamp,
    Timezone,
    Unit,
    Upper,
    Wide,
    bounds_of,
    columns_of,
    given,
    names,
)  # fmt: skip
from training.config import DataConfig
from training.data.checks import listed
from training.data.coarse_tables import join_resolutions, read_pairs
from training.data.panel import Panel
from training.data.tables import panel_of, read_table
from training.pipeline import backtest_panel, trained_with
from training.predict import forecast_panel, noticed_bounds, write_table
from training.pretraining.member import fitting

Artifact = Annotated[Path, typer.Argument(help="Folder of an artifact.")]


def backtest(
    artifact: Artifact,
    data: Data,
    freq: FreqText = None,
    id_column: Id = None,
    timestamp_column: Timestamp = None,
    target_column: Target = None,
    wide: Wide = None,
    timezone: Timezone = None,
    timestamp_unit: Unit = None,
    dayfirst: Dayfirst = None,
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    resolution: Resolution = None,
    metrics: Metrics = None,
) -> None:
    """Print the table of errors of the model and the baselines on the test rows of a table, of a text, or of speech."""
    with refusals() as console:
        loaded = statecast.load(artifact)
        columns = columns_of(
            id_column, timestamp_column, target_column, wide, timezone, timestamp_unit, dayfirst, separator, decimal,
            encoding,
        )  # fmt: skip
        if kind := next((kind for kind in KINDS if kind.artifact == loaded.kind), None):
            kind.refuse({**columns, **given(freq=freq, resolutions=resolution, metrics=metrics)})
            kind.backtest(console, loaded, data)
            return
        panel = _read(console, loaded, data, columns, freq, resolution)
        print_leaderboard(console, backtest_panel(fitting(loaded, panel), panel, metrics=names(metrics)).leaderboard)


def forecast(
    artifact: Artifact,
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="Table to write: .csv, .csv.gz or .parquet.")],
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead; those of the artifact if left out.")] = None,
    freq: FreqText = None,
    id_column: Id = None,
    timestamp_column: Timestamp = None,
    target_column: Target = None,
    wide: Wide = None,
    timezone: Timezone = None,
    timestamp_unit: Unit = None,
    dayfirst: Dayfirst = None,
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    resolution: Resolution = None,
    lower: Lower = None,
    upper: Upper = None,
) -> None:
    """Write a long table of forecasts: item_id, timestamp, mean and the quantiles."""
    with refusals() as console:
        loaded = statecast.load(artifact)
        columns = columns_of(
            id_column, timestamp_column, target_column, wide, timezone, timestamp_unit, dayfirst, separator, decimal,
            encoding,
        )  # fmt: skip
        panel = _read(console, loaded, data, columns, freq, resolution)
        bounds = bounds_of(lower, upper)
        kept = [item.item_id for item in panel.items if bounds is None and noticed_bounds(loaded, item)]
        if kept:
            console.print(f"forecasts are kept from 0 on ({listed(kept)}); --lower none leaves them as they are")
        frame = forecast_panel(loaded, panel, horizon, bounds)
        write_table(frame, out)
        console.print(f"wrote {out}: {len(frame)} rows")


def _read(
    console: Console,
    artifact: statecast.Artifact,
    data: Path,
    columns: dict[str, Any],
    freq: str | None,
    resolution: list[str] | None,
) -> Panel:
    fitted = trained_with(artifact).data
    known = replace(fitted, **columns)
    table = read_table(data, known.columns)
    # Names that the fit was told are a preference for other tables, those passed now have to be there.
    own = {name: getattr(fitted, name) for name in ("item_id", "timestamp", "target")} | dict(
        artifact.manifest.get("columns", {})
    )
    known = replace(known, **{name: columns.get(name, DataConfig.__dataclass_fields__[name].default) for name in own})
    if artifact.manifest.get("optional_covariates"):
        present = {*table.names, *(name.removeprefix("static:") for name in table.names)}
        known = replace(
            known,
            past=tuple(name for name in known.past if name in present),
            future=tuple(name for name in known.future if name in present),
            static=tuple(name for name in known.static if name in present),
        )
    panel = panel_of(table, known.columns, freq or known.freq or _own_freq(artifact), own)
    print_panel(console, panel)
    return join_resolutions(panel, read_pairs(resolution), known.columns)


def _own_freq(artifact: statecast.Artifact) -> str | None:
    return None if artifact.kind == "family" else artifact.forecaster.config.freq
