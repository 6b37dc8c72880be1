"""``sweep.html``: every trial of a sweep, and validation against each setting."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.reports import figures
from training.reports.page import Table, embed_figures, plotly_script, render, write_page

if TYPE_CHECKING:  # it needs optuna, an extra
    from training.selection.sweep import SweepTrial


def write_trials(path: Path, trials: Sequence["SweepTrial"]) -> None:
    """Write the page of a sweep.

    Parameters
    ----------
    path : Path
        File to write.
    trials : sequence of SweepTrial
        All trials, best first; at least one.
    """
    names = list(trials[0].settings)
    rows = {
        f"{place + 1}": [
            "–" if trial.validation is None else f"{trial.validation:.4f}",
            *(_short(trial.settings.get(name)) for name in names),
            trial.ended,
        ]
        for place, trial in enumerate(trials)
    }
    done = [(trial.settings, trial.validation) for trial in trials if trial.validation is not None]
    validations = [validation for _, validation in done]
    drawn = [figures.trials(name, [_plain(settings[name]) for settings, _ in done], validations) for name in names]
    page = render(
        "sweep.html.j2",
        "Sweep",
        f"{len(trials)} trials, {len(done)} completed; lower validation is better",
        figures=embed_figures(drawn),
        trials=Table("rank", ["validation", *names, "ended"], rows, ours="1"),
        plotly=plotly_script(),
    )
    write_page(path, page)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, list) else value


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
