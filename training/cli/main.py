"""The commands: ``fit``, ``sweep``, ``pretrain``, ``backtest``, ``forecast``, ``example``, ``example-text``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import statecast
from statecast.errors import ConfigError
from statecast.models.generator import Generator
from training.cli.console import print_notes, refusals
from training.cli.options import (
    Data,
    Dayfirst,
    FreqText,
    Future,
    Id,
    Out,
    Past,
    Resolution,
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
from training.cli.pretrain import pretrain
from training.cli.sweep import sweep
from training.cli.text import backtest_text_file, example_text, fit_text_file
from training.config import DataConfig, FitConfig, TrainingConfig
from training.data.coarse_tables import join_resolutions, read_pairs
from training.data.panel import Panel
from training.data.tables import panel_of, read_panel, read_table
from training.evaluation.leaderboard import OURS, Leaderboard, show
from training.pipeline import backtest_panel, file_digest, fit_panel, trained_with
from training.predict import forecast_panel, write_table
from training.pretraining.member import fitting
from training.progress import Bar
from training.selection.warm_start import shipped
from training.synthetic.loads import load_table
from training.text.config import is_text

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Turn tables and texts into artifacts.")
app.command("example-text")(example_text)
app.command()(sweep)
app.command()(pretrain)

Metrics = Annotated[str | None, typer.Option(help="Columns of the table, as mase,wql; docs/reference/metrics.md.")]
Folder = Annotated[Path, typer.Argument(help="Folder of an artifact.")]


@app.command()
def fit(
    data: Data,
    out: Out,
    config: Annotated[Path | None, typer.Argument(help="TOML file; without one everything is chosen.")] = None,
    freq: FreqText = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead.")] = None,
    season: Annotated[int | None, typer.Option(min=1, help="Steps a season.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps, on a table.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data, on a text.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="End training after so many seconds.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness.")] = None,
    id_column: Id = None,
    timestamp_column: Timestamp = None,
    target_column: Target = None,
    wide: Wide = None,
    timezone: Timezone = None,
    timestamp_unit: Unit = None,
    dayfirst: Dayfirst = None,
    past: Past = None,
    future: Future = None,
    static: Static = None,
    resolution: Resolution = None,
    metrics: Metrics = None,
    name: Annotated[str | None, typer.Option(help="Name of the artifact; the folder's if left out.")] = None,
    version: Annotated[str, typer.Option(help="Version of the artifact.")] = "1",
    base: Annotated[
        Path | None, typer.Option("--from", help="Artifact of a pretrained family to start from, artifacts/default.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in --out.")] = False,
) -> None:
    """Train on a table, or on a text if the config has a [text] table; write an artifact and the table of errors."""
    with refusals() as console:
        columns = columns_of(
            id_column, timestamp_column, target_column, wide, timezone, timestamp_unit, dayfirst,
            past=past, future=future, static=static,
        )  # fmt: skip
        columns |= given(resolutions=read_pairs(resolution) or None)
        network = given(horizon=horizon, season=season)
        training = given(seconds=seconds, seed=seed)
        name = name or out.resolve().name
        if config and is_text(config):
            foreign = {**columns, **network, **given(freq=freq, steps=steps, metrics=metrics)}
            training |= given(epochs=epochs)
            fit_text_file(
                console, config, data, out,
                name=name, version=version, resume=resume, training=training, foreign=foreign,
            )  # fmt: skip
            return
        if epochs is not None:
            raise ConfigError("--epochs: a fit on a table counts steps; say --steps, or give a config with [text]")
        chosen = FitConfig.read(config) if config else FitConfig()
        training |= given(steps=steps, metrics=names(metrics))
        chosen = replace(
            chosen,
            data=replace(chosen.data, **columns, **given(freq=freq)),
            network={**chosen.network, **network},
            training=replace(chosen.training, **training),
        )
        panel = read_panel(data, chosen.data.columns, chosen.data.freq)
        print_notes(console, panel.notes)
        panel = join_resolutions(panel, chosen.data.resolutions, chosen.data.columns)
        with Bar(console) as bar:
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
        _print_table(console, outcome.leaderboard)
        console.print(f"wrote {out} ({outcome.digest[:19]}…); figures in {out / 'report.html'}")


@app.command()
def backtest(
    artifact: Folder,
    data: Data,
    freq: FreqText = None,
    id_column: Id = None,
    timestamp_column: Timestamp = None,
    target_column: Target = None,
    wide: Wide = None,
    timezone: Timezone = None,
    timestamp_unit: Unit = None,
    dayfirst: Dayfirst = None,
    resolution: Resolution = None,
    metrics: Metrics = None,
) -> None:
    """Print the table of errors, ours and the baselines', on the test rows of a table."""
    with refusals() as console:
        loaded = statecast.load(artifact)
        if isinstance(loaded.network, Generator):
            backtest_text_file(console, loaded, data)
            return
        columns = columns_of(id_column, timestamp_column, target_column, wide, timezone, timestamp_unit, dayfirst)
        panel = _read(console, loaded, data, columns, freq, resolution)
        _print_table(console, backtest_panel(fitting(loaded, panel), panel, metrics=names(metrics)).leaderboard)


@app.command()
def forecast(
    artifact: Folder,
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="Table to write: .csv, .csv.gz or .parquet.")],
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead; the artifact's if left out.")] = None,
    freq: FreqText = None,
    id_column: Id = None,
    timestamp_column: Timestamp = None,
    target_column: Target = None,
    wide: Wide = None,
    timezone: Timezone = None,
    timestamp_unit: Unit = None,
    dayfirst: Dayfirst = None,
    resolution: Resolution = None,
) -> None:
    """Write a long table of forecasts: item_id, timestamp, mean and the quantiles."""
    with refusals() as console:
        loaded = statecast.load(artifact)
        columns = columns_of(id_column, timestamp_column, target_column, wide, timezone, timestamp_unit, dayfirst)
        panel = _read(console, loaded, data, columns, freq, resolution)
        frame = forecast_panel(fitting(loaded, panel, horizon), panel, horizon)
        write_table(frame, out)
        console.print(f"wrote {out}: {len(frame)} rows")


@app.command()
def example(
    out: Out,
    seed: Annotated[int, typer.Option(help="Seed of the panel and of training.")] = 7,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 600,
) -> None:
    """Train a small model, load-hourly, on a built-in synthetic panel in about a minute."""
    with refusals() as console:
        config = FitConfig(
            DataConfig(future=("temperature",), fractions=(0.8, 0.1, 0.1)),
            {"horizon": 48, "width": 48, "dropout": 0.05},
            # Half of the sequences see no temperature and half no calendar, so that a bare target can be forecast.
            TrainingConfig(
                seed=seed,
                steps=steps,
                batch=16,
                seconds=60.0,
                forks=28,
                warm=0,
                learning_rate=2e-3,
                validation_every=100,
                validation_stride=24,
                covariate_dropout=0.5,
                calendar_dropout=0.3,
            ),
        )
        panel = panel_of(load_table(seed=seed), config.data.columns, "1h")
        with Bar(console) as bar:
            outcome = fit_panel(panel, config, out, name="load-hourly", watcher=bar)
        _print_table(console, outcome.leaderboard)
        console.print(f"wrote {out} ({outcome.digest[:19]}…)")


def _read(
    console: Console,
    artifact: statecast.Artifact,
    data: Path,
    columns: dict[str, Any],
    freq: str | None,
    resolution: list[str] | None,
) -> Panel:
    known = replace(trained_with(artifact).data, **columns)
    frame = read_table(data)
    if artifact.manifest.get("optional_covariates"):
        present = set(map(str, frame.columns))
        known = replace(
            known,
            past=tuple(name for name in known.past if name in present),
            future=tuple(name for name in known.future if name in present),
            static=tuple(name for name in known.static if name in present),
        )
    panel = panel_of(frame, known.columns, freq or known.freq)
    print_notes(console, panel.notes)
    return join_resolutions(panel, read_pairs(resolution), known.columns)


def _print_table(console: Console, leaderboard: Leaderboard) -> None:
    table = Table(title=f"{leaderboard.scores[OURS].windows} test forecasts, state carried from the first row")
    table.add_column("model", no_wrap=True)
    for title in leaderboard.headings.values():
        table.add_column(title, justify="right", no_wrap=True)
    for name, row in leaderboard.rows.items():
        cells = [show(column, row.get(column)) for column in leaderboard.columns]
        table.add_row(name, *cells, style="bold" if name == OURS else None)
    console.print(table)
    for line in [*leaderboard.summary, *leaderboard.left_out_reasons()]:
        console.print(line, soft_wrap=True, highlight=False)
