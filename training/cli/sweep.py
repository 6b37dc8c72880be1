"""The command ``sweep``: search for good settings, write the best config and a page with every trial."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from statecast.errors import ConfigError
from training.cli.console import print_panel, refusals
from training.data.coarse_tables import join_resolutions
from training.data.tables import read_panel
from training.progress import Bar
from training.reports.trials import write_trials
from training.selection.prepare import living
from training.selection.sweep_config import read_sweep

PAGE = "sweep.html"


def sweep(
    data: Annotated[Path, typer.Option("--data", help="CSV, Parquet or Arrow table.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the study.")],
    config: Annotated[
        Path | None, typer.Argument(help="TOML file, with a [sweep] table for the settings to try.")
    ] = None,
    freq: Annotated[
        str | None, typer.Option("--freq", help="Time between rows, such as 1h; inferred if left out.")
    ] = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Trials in all.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the study in --out.")] = False,
) -> None:
    """Try settings, compared by validation; write best.toml for `fit`, and sweep.html."""
    with refusals() as console:
        try:
            from training.selection.sweep import sweep_panel
        except ImportError:
            raise ConfigError("sweep: needs optuna; pip install 'statecast[sweep]'") from None
        chosen, space = read_sweep(config)
        if freq:
            chosen = replace(chosen, data=replace(chosen.data, freq=freq))
        if horizon:
            chosen = replace(chosen, network={**chosen.network, "horizon": horizon})
        if trials:
            space = replace(space, trials=trials)
        panel = read_panel(data, chosen.data.columns, chosen.data.freq)
        panel = living(join_resolutions(panel, chosen.data.resolutions, chosen.data.columns), chosen)
        print_panel(console, panel)
        with Bar(console) as bar:
            _, trials_done = sweep_panel(panel, chosen, space, out, resume=resume, watcher=bar)
        write_trials(out / PAGE, trials_done)
        best = trials_done[0]
        console.print(f"best of {len(trials_done)}: validation {best.validation:.4f} with {dict(best.settings)}")
        console.print(f"wrote {out / 'best.toml'} for `python -m training fit`; every trial in {out / PAGE}")
