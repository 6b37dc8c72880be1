"""The progress of a fit, for whoever watches it: one line with loss, validation and time left."""

import json
import math
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Watcher(Protocol):
    """Whoever follows the progress of a fit."""

    def begin(self, total: int, done: int = 0) -> None:
        """Learn how long the fit is.

        Parameters
        ----------
        total : int
            Steps in all.
        done : int
            Steps that a checkpoint has done.
        """

    def advance(self, step: int, loss: float) -> None:
        """Learn that a step is done.

        Parameters
        ----------
        step : int
            Steps done.
        loss : float
            Running mean of the loss.
        """

    def validated(self, value: float, best: bool) -> None:
        """Learn of a validation.

        Parameters
        ----------
        value : float
            The validation, lower is better.
        best : bool
            Whether it is the best so far.
        """

    def say(self, text: str) -> None:
        """Learn what happens now.

        Parameters
        ----------
        text : str
            One line.
        """


class Silent:
    """Ignores all progress."""

    def begin(self, total: int, done: int = 0) -> None:
        """Ignore it, see ``Watcher.begin``."""

    def advance(self, step: int, loss: float) -> None:
        """Ignore it, see ``Watcher.advance``."""

    def validated(self, value: float, best: bool) -> None:
        """Ignore it, see ``Watcher.validated``."""

    def say(self, text: str) -> None:
        """Ignore it, see ``Watcher.say``."""


class Bar:
    """A progress bar in the terminal; where there is none, a line at every validation.

    Parameters
    ----------
    console : rich.console.Console
        Where it is printed.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._loss, self._validation = "", ""
        self._progress = Progress(
            TextColumn("[bold]training"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}  validation {task.fields[validation]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("training", total=None, loss="…", validation="…")
        self._step = 0

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, total: int, done: int = 0) -> None:
        """Set the bar's length, see ``Watcher.begin``."""
        self._progress.update(self._task, total=total, completed=done)

    def advance(self, step: int, loss: float) -> None:
        """Move the bar, see ``Watcher.advance``."""
        self._step = step
        self._loss = self._describe(loss)
        self._progress.update(self._task, completed=step, loss=self._loss)

    def validated(self, value: float, best: bool) -> None:
        """Show a validation, marked where it is the best so far; see ``Watcher.validated``."""
        self._progress.update(self._task, validation=f"{value:.4f}{'*' if best else ' '}")
        if not self._console.is_terminal:
            mark = "  best so far" if best else ""
            self._console.print(f"step {self._step}: loss {self._loss}, validation {value:.4f}{mark}")

    def say(self, text: str) -> None:
        """Write a line above the bar, see ``Watcher.say``."""
        self._console.print(text)

    def _describe(self, loss: float) -> str:
        return f"{loss:.4f}"


class FiledBar(Bar):
    """The same, and in a file as JSON, for the program that started this one.

    Parameters
    ----------
    console : rich.console.Console
        Where it is printed.
    file : Path
        Written anew at every change, a few times a second at most; a reader finds it whole.
    """

    EVERY_S = 0.25

    def __init__(self, console: Console, file: Path) -> None:
        super().__init__(console)
        self._file, self._written = file, -math.inf
        self._facts: dict[str, Any] = {"says": "", "step": 0, "steps": None, "loss": None, "validation": None}

    def begin(self, total: int, done: int = 0) -> None:
        """Set the bar's length, see ``Watcher.begin``."""
        super().begin(total, done)
        self._write(step=done, steps=total)

    def advance(self, step: int, loss: float) -> None:
        """Move the bar, see ``Watcher.advance``."""
        super().advance(step, loss)
        self._facts |= {"step": step, "loss": _finite(loss)}
        if time.monotonic() - self._written >= self.EVERY_S:
            self._write()

    def validated(self, value: float, best: bool) -> None:
        """Show a validation, see ``Watcher.validated``."""
        super().validated(value, best)
        self._write(validation=_finite(value))

    def say(self, text: str) -> None:
        """Write a line above the bar, see ``Watcher.say``."""
        super().say(text)
        self._write(says=text)

    def _write(self, **facts: Any) -> None:
        self._facts |= facts
        new = self._file.with_name(f"{self._file.name}.new")
        new.write_text(json.dumps(self._facts), encoding="utf-8")
        os.replace(new, self._file)
        self._written = time.monotonic()


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


class TextBar(Bar):
    """The same for a text: with perplexity, and symbols per second since it started.

    Parameters
    ----------
    console : rich.console.Console
        Where it is printed.
    symbols : int
        Symbols per step.
    """

    def __init__(self, console: Console, symbols: int) -> None:
        super().__init__(console)
        self._symbols, self._from, self._since = symbols, 0, time.monotonic()

    def begin(self, total: int, done: int = 0) -> None:
        """Set the bar's length and start the clock, see ``Watcher.begin``."""
        super().begin(total, done)
        self._from, self._since = done, time.monotonic()

    def _describe(self, loss: float) -> str:
        rate = (self._step - self._from) * self._symbols / max(time.monotonic() - self._since, 1e-9)
        return f"{loss:.4f}  perplexity {math.exp(min(loss, 99.0)):.2f}  {rate:,.0f} symbols/s"
