"""The command ``example``: a small model, trained on a built-in table."""

from typing import Annotated

import typer

from training.cli.console import print_leaderboard, refusals
from training.cli.options import Out
from training.config import DataConfig, FitConfig, TrainingConfig
from training.data.tables import panel_of
from training.pipeline import fit_panel
from training.progress import Bar
from training.synthetic.loads import load_table


def example(
    out: Out,
    seed: Annotated[int, typer.Option(help="Seed of the panel and of training.")] = 7,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 600,
) -> None:
    """Train a small model, load-hourly, on built-in synthetic loads in about a minute."""
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
        print_leaderboard(console, outcome.leaderboard)
        console.print(f"wrote {out} ({outcome.digest[:19]}…)")
