"""The command ``fit``: a table, a text or labelled examples become an artifact."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from statecast.errors import ConfigError
from training.cli.classification import LABELLED
from training.cli.console import end_with_input, print_leaderboard, print_panel, print_written, refusals
from training.cli.fit_kind import FitKind
from training.cli.options import (
    Data,
    Dayfirst,
    Decimal,
    Device,
    Encoding,
    FreqText,
    Future,
    Id,
    Metrics,
    Out,
    Past,
    Resolution,
    Separator,
    Static,
    Target,
    Timestamp,
    Timezone,
    Unit,
    Wide,
    columns_of,
    given,
    names,
)  # fmt: skip
from training.cli.speech import SPEECH
from training.cli.text import TEXT
from training.config import FitConfig
from training.data.checks import note_bounds
from training.data.coarse_tables import join_resolutions, read_pairs
from training.data.tables import read_panel
from training.pipeline import file_digest, fit_panel
from training.progress import Bar, FiledBar
from training.selection.prepare import living
from training.selection.warm_start import shipped
from training.toml import read_toml

KINDS: tuple[FitKind[Any], ...] = (LABELLED, TEXT, SPEECH)


def kind_of(tables: Mapping[str, Any]) -> FitKind[Any] | None:
    """Find which kind of fit a config is for.

    Parameters
    ----------
    tables : mapping of str to any
        What the config's file holds.

    Returns
    -------
    FitKind or None
        None for a fit on a table.
    """
    return next((kind for kind in KINDS if kind.table in tables), None)


def fit(
    data: Data,
    out: Out,
    config: Annotated[
        Path | None, typer.Argument(help="TOML file; without one everything is chosen from the data.")
    ] = None,
    freq: FreqText = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead.")] = None,
    season: Annotated[int | None, typer.Option(min=1, help="Steps per season.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps, for a table or speech.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over a text.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Time budget of training in seconds; 0 for none.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness.")] = None,
    device: Device = None,
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
    past: Past = None,
    future: Future = None,
    static: Static = None,
    resolution: Resolution = None,
    metrics: Metrics = None,
    name: Annotated[str | None, typer.Option(help="Name of the artifact; that of the folder if left out.")] = None,
    version: Annotated[str, typer.Option(help="Version of the artifact.")] = "1",
    base: Annotated[
        Path | None,
        typer.Option("--from", help="Artifact of a pretrained family to start from, such as artifacts/default."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint in --out.")] = False,
    progress: Annotated[
        Path | None,
        typer.Option(
            help="File that says how far it is, as JSON, for the program that started it, with whose pipe to standard "
            "input it ends."
        ),
    ] = None,
) -> None:
    """Train on a table, or on what the config has a table for: [text], [classification], [speech]; print errors."""
    with refusals() as console:
        columns = columns_of(
            id_column, timestamp_column, target_column, wide, timezone, timestamp_unit, dayfirst, separator, decimal,
            encoding, past=past, future=future, static=static,
        )  # fmt: skip
        columns |= given(resolutions=read_pairs(resolution) or None)
        network = given(horizon=horizon, season=season)
        training = given(seconds=seconds, seed=seed, device=device)
        name = name or out.resolve().name
        tables = read_toml(config) if config else {}
        if kind := kind_of(tables):
            passed = {**columns, **network, **given(freq=freq, metrics=metrics, base=base, steps=steps, epochs=epochs)}
            passed |= {**training, **given(progress=progress)}
            kind.fit(console, kind.configure(tables, passed), data, out, name=name, version=version, resume=resume)
            return
        if epochs is not None:
            raise ConfigError("--epochs: a table is trained in steps; pass --steps, or a config with a [text] table")
        chosen = FitConfig.from_dict(tables)
        training |= given(steps=steps, metrics=names(metrics))
        chosen = replace(
            chosen,
            data=replace(chosen.data, **columns, **given(freq=freq)),
            network={**chosen.network, **network},
            training=replace(chosen.training, **training),
        )
        panel = read_panel(data, chosen.data.columns, chosen.data.freq)
        panel = living(join_resolutions(panel, chosen.data.resolutions, chosen.data.columns), chosen)
        panel = note_bounds(panel)
        print_panel(console, panel)
        if progress is not None:
            end_with_input()
        with Bar(console) if progress is None else FiledBar(console, progress) as bar:
            outcome = fit_panel(
                panel,
                chosen,
                out,
                name=name,
                version=version,
                data_digest=file_digest(data, *map(Path, chosen.data.resolutions.values())),
                base=base,
                family=shipped(),
                resume=resume,
                watcher=bar,
            )
        print_leaderboard(console, outcome.leaderboard)
        print_written(console, out, outcome.digest)
