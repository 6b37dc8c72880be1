"""``report.html`` of a text: what it predicts, how it learned, what it writes."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from statecast.api.generate import write_on
from statecast.models.generator import Generator
from training.evaluation.leaderboard import OURS
from training.reports.page import compose_page, draw_table
from training.text.corpus import Corpus
from training.text.curve import draw_curve
from training.text.leaderboard import TextLeaderboard

COLUMNS = {"nats": "nats a symbol", "bits_per_character": "bits a character", "perplexity": "perplexity"}
TEMPERATURES = (0.0, 0.5, 0.8, 1.0, 1.2)
_PROMPT, _WRITTEN = 60, 300  # characters, symbols


def write_text_report(
    path: Path, manifest: Mapping[str, Any], judgement: TextLeaderboard, network: Generator, corpus: Corpus
) -> None:
    """Write scores, curve, samples and the recipe as one HTML file."""
    training = manifest["training"]
    costs, curves = training["costs"], training["curves"]
    facts = (
        f"{manifest['characters']:,} characters, {manifest['symbols']:,} symbols to learn from, "
        f"{sum(weight.numel() for weight in network.parameters()):,} parameters; {costs['epochs']} epochs, "
        f"{costs['steps']:,} steps in {costs['seconds']:,} s, {costs['symbols_per_second']:,} symbols a second; "
        f"made {manifest['created']}"
    )
    judged = "validation" if corpus.validation.text else "held out"
    drawn = draw_curve({"training": curves["loss"], judged: curves["validation"]}, "epoch", "nats a symbol")
    sections = [_scores(judgement, network), "<h2>Nats a symbol</h2>", drawn]
    sections += ["<h2>It writes</h2>", _samples(network, corpus), "<h2>Recipe</h2>", _recipe(training["config"])]
    title = f"{manifest['name']} @ {manifest['version']}"
    path.write_text(compose_page(title, facts, "".join(sections)), encoding="utf-8")


def format_row(row: Mapping[str, float]) -> list[str]:
    """The figures of one model as text, in the order of ``COLUMNS``."""
    return [f"{row[column]:.3f}" if column == "perplexity" else f"{row[column]:.4f}" for column in COLUMNS]


def _scores(judgement: TextLeaderboard, network: Generator) -> str:
    if not judgement.scores:
        return "<h2>Scores</h2><p>Nothing was held out.</p>"
    tokens = judgement.scores[OURS].tokens
    rows = {name: format_row(score.table()) for name, score in judgement.scores.items()}
    return (
        f"<h2>Held-out scores</h2><p>All {tokens:,} symbols of the held-out text, state carried from its first. "
        f"The vocabulary has {len(network.vocabulary):,} symbols; {100 * judgement.unknown:.2f} % of the text is "
        "unknown to it, which counts as one symbol for all models. Lower is better.</p>"
        f'<div class="scroll">{draw_table("model", list(COLUMNS.values()), rows, ours=OURS)}</div>'
    )


def _samples(network: Generator, corpus: Corpus) -> str:
    """What it writes after the beginning of a part that it was not trained on, where there is one."""
    prompt = (corpus.held_out.text or corpus.validation.text or corpus.train.text)[:_PROMPT]
    parts = [f"<p>after</p><pre>{escape(prompt)}</pre>"]
    for temperature in TEMPERATURES:
        text = write_on(network, prompt, max_tokens=_WRITTEN, temperature=temperature)
        parts.append(f"<p>temperature {temperature:g}</p><pre>{escape(text)}</pre>")
    return "".join(parts)


def _recipe(config: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        f"{table}: " + ", ".join(f"{key} {value}" for key, value in keys.items()) for table, keys in config.items()
    ]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
