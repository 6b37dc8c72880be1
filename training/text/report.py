"""``report.html`` of a text: how well it predicts, how it learned, what it writes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statecast.api.generate import write_on
from statecast.models.generator import Generator
from training.evaluation.leaderboard import OURS
from training.reports.line_chart import new_line_chart
from training.reports.page import Table, render, write_page
from training.text.corpus import Corpus
from training.text.leaderboard import TextLeaderboard

COLUMNS = {"nats": "nats per symbol", "bits_per_character": "bits per character", "perplexity": "perplexity"}
TEMPERATURES = (0.0, 0.5, 0.8, 1.0, 1.2)
_PROMPT, _WRITTEN = 60, 300  # characters, symbols


def write_text_report(
    path: Path, manifest: Mapping[str, Any], leaderboard: TextLeaderboard, network: Generator, corpus: Corpus
) -> None:
    """Write scores, the curve of the loss, samples and the config as one HTML file.

    Parameters
    ----------
    path : Path
        File to write.
    manifest : mapping
        What the artifact says of the fit.
    leaderboard : TextLeaderboard
        Scores of the network and the n-gram models.
    network : Generator
        The network that was fitted; it writes the samples.
    corpus : Corpus
        The text; the beginning of its held-out part is the prompt of the samples.
    """
    training = manifest["training"]
    curves, validated = training["curves"], "validation" if corpus.validation.text else "held out"
    prompt = (corpus.held_out.text or corpus.validation.text or corpus.train.text)[:_PROMPT]
    page = render(
        "text.html.j2",
        f"{manifest['name']} @ {manifest['version']}",
        _facts(manifest, network),
        scores=scores_table(leaderboard),
        tokens=f"{leaderboard.scores[OURS].tokens:,}" if leaderboard.scores else "0",
        vocabulary=f"{len(network.vocabulary):,}",
        unknown=f"{100 * leaderboard.unknown:.2f}",
        curve=new_line_chart({"training": curves["loss"], validated: curves["validation"]}, "epoch", "nats per symbol"),
        prompt=prompt,
        samples={
            f"{temperature:g}": write_on(network, prompt, max_tokens=_WRITTEN, temperature=temperature)
            for temperature in TEMPERATURES
        },
        config=training["config"],
    )
    write_page(path, page)


def scores_table(leaderboard: TextLeaderboard) -> Table | None:
    """Lay out the figures of all models.

    Parameters
    ----------
    leaderboard : TextLeaderboard
        Their scores.

    Returns
    -------
    Table or None
        Ours first; None if nothing was held out.
    """
    if not leaderboard.scores:
        return None
    rows = {name: format_row(score.table()) for name, score in leaderboard.scores.items()}
    return Table("model", list(COLUMNS.values()), rows, ours=OURS)


def format_row(row: Mapping[str, float]) -> list[str]:
    """Format the figures of one model.

    Parameters
    ----------
    row : mapping of str to float
        Figures by name, as ``TextScore.table`` gives them.

    Returns
    -------
    list of str
        In the order of ``COLUMNS``.

    Examples
    --------
    >>> format_row({"nats": 1.0, "bits_per_character": 1.4427, "perplexity": 2.71828})
    ['1.0000', '1.4427', '2.718']
    """
    return [f"{row[column]:.3f}" if column == "perplexity" else f"{row[column]:.4f}" for column in COLUMNS]


def _facts(manifest: Mapping[str, Any], network: Generator) -> str:
    costs = manifest["training"]["costs"]
    return (
        f"{manifest['characters']:,} characters, {manifest['symbols']:,} symbols to learn from, "
        f"{sum(weight.numel() for weight in network.parameters()):,} parameters; {costs['epochs']} epochs, "
        f"{costs['steps']:,} steps in {costs['seconds']:,} s, {costs['symbols_per_second']:,} symbols per second; "
        f"made {manifest['created']}"
    )
