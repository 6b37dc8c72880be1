"""What every command of this room does alike: set the process up, and refuse in one line."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import typer
from rich.console import Console
from rich.markup import escape

from statecast.errors import StatecastError


@contextmanager
def refusals() -> Iterator[Console]:
    """Say what a person can mend in one line, and leave with status 2."""
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    torch.set_flush_denormal(True)
    # Waiting for a second core that others use costs tenfold; a fit may ask for more threads in its config.
    torch.set_num_threads(1)
    try:
        yield console
    except StatecastError as error:
        Console(stderr=True, soft_wrap=True).print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    except OSError as error:
        Console(stderr=True, soft_wrap=True).print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped; fit --resume goes on from the last checkpoint", style="yellow")
        raise typer.Exit(130) from None


def print_notes(console: Console, notes: Iterable[str]) -> None:
    """Print what whoever gave a table should know of how it was read."""
    for note in notes:
        console.print(f"[yellow]warning[/yellow] {escape(note)}", soft_wrap=True, highlight=False)
