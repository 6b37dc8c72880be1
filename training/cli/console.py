"""What the commands have in common: they set up the process, print tables, and report errors in one line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import torch
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as PrintedTable

from statecast.errors import StatecastError
from training.data.panel import Panel
from training.evaluation.leaderboard import OURS, Leaderboard, show
from training.reports.page import Table


@contextmanager
def refusals() -> Iterator[Console]:
    """Set up the process, and end it with one line where a person can mend what is wrong.

    Yields
    ------
    rich.console.Console
        The console to print on.

    Raises
    ------
    typer.Exit
        With status 2 for an error in what was passed, which is printed; with 130 if the command was interrupted.
    """
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    torch.set_flush_denormal(True)
    # Waiting for a second core that is in use costs tenfold; the config of a fit may set more threads.
    torch.set_num_threads(1)
    try:
        yield console
    except (StatecastError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped; pass --resume to continue from the last checkpoint", style="yellow")
        raise typer.Exit(130) from None


def end_with_input() -> None:
    """Have this process end when its standard input does: whoever holds the other end of the pipe is gone then."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def print_panel(console: Console, panel: Panel) -> None:
    """Print what was understood of a table, and warnings about how it was read.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    panel : Panel
        The table, as series.
    """
    console.print(panel.describe(), soft_wrap=True, highlight=False, markup=False)
    for note in panel.notes:
        console.print(f"[yellow]warning[/yellow] {escape(note)}", soft_wrap=True, highlight=False)


def print_table(console: Console, title: str, table: Table | None) -> None:
    """Print a table, its row of ours in bold.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    title : str
        Line above it.
    table : Table or None
        None prints nothing.
    """
    if table is None:
        return
    printed = PrintedTable(title=title)
    printed.add_column(table.corner, no_wrap=True)
    for column in table.columns:
        printed.add_column(column, justify="right", no_wrap=True)
    for name, cells in table.rows.items():
        printed.add_row(escape(name), *cells, style="bold" if name == table.ours else None)
    console.print(printed)


def print_written(console: Console, out: Path, digest: str) -> None:
    """Print where an artifact is.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    out : Path
        Folder of the artifact.
    digest : str
        Its digest, of which the beginning is shown.
    """
    console.print(f"wrote {out} ({digest[:19]}…); figures in {out / 'report.html'}")


def print_leaderboard(console: Console, leaderboard: Leaderboard) -> None:
    """Print the errors of all models as a table, then which baseline is better and which were left out.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    leaderboard : Leaderboard
        Accuracy of all models on the test rows.
    """
    rows = {
        name: [show(column, row.get(column)) for column in leaderboard.columns]
        for name, row in leaderboard.rows.items()
    }
    title = f"{leaderboard.scores[OURS].windows} test forecasts, state carried from the first row"
    print_table(console, title, Table("model", list(leaderboard.headings.values()), rows, ours=OURS))
    for line in [*leaderboard.summary, *leaderboard.left_out_reasons()]:
        console.print(line, soft_wrap=True, highlight=False)
