"""``report.html`` of a transcriber: its errors, how it learned, what it hears."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from statecast.models.transcriber import Transcriber
from training.reports.line_chart import new_line_chart
from training.reports.page import Table, embed_figures, plotly_script, render, write_page
from training.speech.pictures import draw_confusions, draw_hearing
from training.speech.scores import SpeechScore, total_score
from training.speech.strings import SpokenString

COLUMNS = ("words", "errors", "error rate")
_ALL = "all"
_SHOWN = 4  # strings with a picture, of as many speakers as there are


def write_speech_report(
    path: Path,
    manifest: Mapping[str, Any],
    scores: dict[str, SpeechScore],
    network: Transcriber,
    strings: Sequence[SpokenString],
) -> None:
    """Write scores, the curve of the loss, pictures of strings and the config as one HTML file.

    Parameters
    ----------
    path : Path
        File to write.
    manifest : mapping
        What the artifact says of the fit.
    scores : dict of str to SpeechScore
        By speaker.
    network : Transcriber
        The network that was fitted.
    strings : sequence of SpokenString
        The strings that were scored.
    """
    training = manifest["training"]
    shown = strings[:: max(len(strings) // _SHOWN, 1)][:_SHOWN]
    confusions = [draw_confusions(total_score(scores), network.config.symbols)] if scores else []
    curves = training["curves"]
    page = render(
        "speech.html.j2",
        f"{manifest['name']} @ {manifest['version']}",
        _facts(manifest, network),
        plotly=plotly_script(),
        scores=scores_table(scores),
        curve=new_line_chart({"training": curves["loss"], "validation": curves["validation"]}, "step", "nats per word"),
        figures=embed_figures([*(draw_hearing(network, one) for one in shown), *confusions]),
        config=training["config"],
    )
    write_page(path, page)


def scores_table(scores: dict[str, SpeechScore]) -> Table | None:
    """Lay out the errors of each speaker and of all.

    Parameters
    ----------
    scores : dict of str to SpeechScore
        By speaker.

    Returns
    -------
    Table or None
        All strings last; None if there are none.
    """
    if not scores:
        return None
    rows = {
        name: [f"{score.words:,}", f"{score.errors:,}", f"{100 * score.rate:.2f} %"]
        for name, score in {**scores, _ALL: total_score(scores)}.items()
    }
    return Table("speaker", COLUMNS, rows, ours=_ALL)


def _facts(manifest: Mapping[str, Any], network: Transcriber) -> str:
    costs = manifest["training"]["costs"]
    ways = "takes whole recordings" if network.streaming == "none" else "streams"
    return (
        f"{len(network.config.symbols)} words, {manifest['recordings']:,} recordings to learn from, "
        f"{sum(weight.numel() for weight in network.parameters()):,} parameters, {ways}; {costs['steps']:,} steps with "
        f"{costs['strings']:,} strings in all in {costs['seconds']:,} s; made {manifest['created']}"
    )
