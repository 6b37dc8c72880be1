"""The commands of ``python -m training``; the docstring of each one's function is its help."""

from collections.abc import Callable

import typer

from training.cli.apply import backtest, forecast
from training.cli.distill import distill
from training.cli.example import example
from training.cli.export import export
from training.cli.fit import fit
from training.cli.pretrain import pretrain
from training.cli.speech import voices
from training.cli.sweep import sweep
from training.cli.text import example_text

COMMANDS: dict[str, Callable[..., None]] = {
    "fit": fit,
    "backtest": backtest,
    "forecast": forecast,
    "sweep": sweep,
    "pretrain": pretrain,
    "distill": distill,
    "export": export,
    "voices": voices,
    "example": example,
    "example-text": example_text,
}

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Turn tables and texts into forecasting artifacts.")
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
