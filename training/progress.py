"""A fit that can be watched: one line with loss, validation and time left."""

import math
import time
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Watcher(Protocol):
    """Whoever wants to know how a fit goes on."""

    def begin(self, total: int, done: int = 0) -> None:
        """Say how many steps there will be and how many a checkpoint has done."""

    def advance(self, step: int, loss: float) -> None:
        """Count a step; ``loss`` is a running mean."""

    def validated(self, value: float, best: bool) -> None:
        """Tell a validation."""

    def say(self, text: str) -> None:
        """Tell what happens now."""


class Silent:
    """Watches nothing."""

    def begin(self, total: int, done: int = 0) -> None:
        """Watch nothing."""

    def advance(self, step: int, loss: float) -> None:
        """Watch nothing."""

    def validated(self, value: float, best: bool) -> None:
        """Watch nothing."""

    def say(self, text: str) -> None:
        """Watch nothing."""


class Bar:
    """A progress bar in the terminal; where there is none, a line at every validation."""

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
        """Set the bar's length."""
        self._progress.update(self._task, total=total, completed=done)

    def advance(self, step: int, loss: float) -> None:
        """Move the bar."""
        self._step = step
        self._loss = self._describe(loss)
        self._progress.update(self._task, completed=step, loss=self._loss)

    def validated(self, value: float, best: bool) -> None:
        """Show a validation, marked where it is the best so far."""
        self._progress.update(self._task, validation=f"{value:.4f}{'*' if best else ' '}")
        if not self._console.is_terminal:
            mark = "  best so far" if best else ""
            self._console.print(f"step {self._step}: loss {self._loss}, validation {value:.4f}{mark}")

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._console.print(text)

    def _describe(self, loss: float) -> str:
        return f"{loss:.4f}"


class TextBar(Bar):
    """The same for a text: with perplexity, and symbols per second since it began."""

    def __init__(self, console: Console, symbols: int) -> None:
        super().__init__(console)
        self._symbols, self._from, self._since = symbols, 0, time.monotonic()

    def begin(self, total: int, done: int = 0) -> None:
        """Set the bar's length and start the clock."""
        super().begin(total, done)
        self._from, self._since = done, time.monotonic()

    def _describe(self, loss: float) -> str:
        rate = (self._step - self._from) * self._symbols / max(time.monotonic() - self._since, 1e-9)
        return f"{loss:.4f}  perplexity {math.exp(min(loss, 99.0)):.2f}  {rate:,.0f} symbols/s"
