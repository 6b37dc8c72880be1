"""The command ``sweep``: look for good settings, write the best config and a page with every trial."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from statecast.errors import ConfigError
from training.cli.console import refusals
from training.data.coarse_tables import join_resolutions
from training.data.tables import read_panel
from training.progress import Bar
from training.reports import figures
from training.reports.page import compose_page, draw_grid, draw_table, drawing_script

if TYPE_CHECKING:
    from training.selection.sweep import Tried

PAGE = "sweep.html"


def sweep(
    data: Annotated[Path, typer.Option("--data", help="CSV (also .csv.gz) or Parquet table.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the study.")],
    config: Annotated[Path | None, typer.Argument(help="TOML file with a [sweep] table.")] = None,
    freq: Annotated[str | None, typer.Option("--freq", help="Distance of rows, such as 1h.")] = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Trials in all.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the study in --out.")] = False,
) -> None:
    """Try settings, judged by validation; write best.toml for `fit` and sweep.html."""
    with refusals() as console:
        try:
            from training.selection.sweep import read_sweep, sweep_panel
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
        panel = join_resolutions(panel, chosen.data.resolutions, chosen.data.columns)
        with Bar(console) as bar:
            _, tried = sweep_panel(panel, chosen, space, out, resume=resume, watcher=bar)
        write_page(out / PAGE, tried)
        best = tried[0]
        console.print(f"best of {len(tried)}: validation {best.validation:.4f} with {dict(best.settings)}")
        console.print(f"wrote {out / 'best.toml'} for `python -m training fit`; every trial in {out / PAGE}")


def write_page(path: Path, tried: Sequence["Tried"]) -> None:
    """Write all trials, best first, and validation against each setting."""
    names = list(tried[0].settings)
    rows = {
        f"{place + 1}": [
            "–" if one.validation is None else f"{one.validation:.4f}",
            *(_short(one.settings.get(name)) for name in names),
            one.ended,
        ]
        for place, one in enumerate(tried)
    }
    done = [one for one in tried if one.validation is not None]
    drawn = [
        figures.tried(name, [_plain(one.settings[name]) for one in done], [one.validation or 0.0 for one in done])
        for name in names
    ]
    table = draw_table("rank", ["validation", *names, "ended"], rows, ours="1")
    body = f'{draw_grid(drawn)}<div class="scroll">{table}</div>'
    facts = f"{len(tried)} trials, {len(done)} to the end; lower validation is better"
    path.write_text(compose_page("Sweep", facts, body, drawing_script()), encoding="utf-8")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, list) else value


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
