"""Pictures of a transcriber's report: what it hears in a string and what it makes of it, and what it confuses."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

from statecast.ctc.greedy import decode_greedily
from statecast.models.transcriber import Transcriber
from training.speech.scores import MISSING, SpeechScore
from training.speech.strings import SpokenString

_OURS, _BLANK = "#2f7ed8", "rgba(128, 128, 128, 0.5)"
_LAYOUT = {
    "font": {"color": "#808790", "family": "system-ui, sans-serif", "size": 12},
    "paper_bgcolor": "rgba(0, 0, 0, 0)",
    "plot_bgcolor": "rgba(0, 0, 0, 0)",
    "margin": {"l": 48, "r": 12, "t": 44, "b": 44},
    "showlegend": False,
}


@torch.inference_mode()
def draw_hearing(network: Transcriber, string: SpokenString) -> go.Figure:
    """Draw the features of a string, and below them how likely each symbol is at each step.

    Parameters
    ----------
    network : Transcriber
        The network, in evaluation mode.
    string : SpokenString
        What is said.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure.
    """
    rate = network.config.sample_rate
    samples = torch.from_numpy(string.sound())[None]
    features, steps = network.sound.whole(samples, torch.tensor([len(string)]), rate)
    log_probabilities = network.emit(features, steps)[0].numpy()
    hop, before = network.step_s / network.config.step_frames, network.sound.before(rate) / rate
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure.add_heatmap(
        z=features[0].T.numpy().round(2), x0=-before, dx=hop, colorscale="Greys", showscale=False, row=1, col=1,
        hoverinfo="skip",
    )  # fmt: skip
    times = (np.arange(len(log_probabilities)) + 0.5) * network.step_s
    names = ["blank", *network.config.symbols]
    for symbol in np.flatnonzero(log_probabilities.max(axis=0) > np.log(0.05)).tolist():
        figure.add_scatter(
            x=times.round(3), y=np.exp(log_probabilities[:, symbol]).round(3), name=names[symbol], mode="lines",
            line={"color": _BLANK} if symbol == 0 else {"width": 2}, row=2, col=1,
        )  # fmt: skip
    found, _ = decode_greedily(log_probabilities)
    for segment in network.spell(found).segments:
        figure.add_annotation(
            x=(segment.start_s + segment.end_s) / 2, y=1.05, text=segment.text, showarrow=False, row=2, col=1
        )
    said, written = " ".join(string.labels), network.spell(found).text
    title = f"{string.words[0].speaker} says {said}" + (
        "" if said == written else f", written as {written or 'nothing'}"
    )
    figure.update_layout(title={"text": title, "font": {"size": 15}}, height=420, **_LAYOUT)
    figure.update_yaxes(title="band", row=1, col=1)
    figure.update_yaxes(title="probability", range=[0, 1.12], row=2, col=1)
    figure.update_xaxes(title="seconds", row=2, col=1)
    return figure


def draw_confusions(score: SpeechScore, labels: Sequence[str]) -> go.Figure:
    """Draw how often each word was written as each other.

    Parameters
    ----------
    score : SpeechScore
        Of all strings.
    labels : sequence of str
        The words.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure; what is right is left out.
    """
    names = [*labels, MISSING]
    counts = [[score.pairs[said, written] if said != written else 0 for written in names] for said in names]
    figure = go.Figure()
    figure.add_heatmap(
        z=counts, x=names, y=names, colorscale=[[0.0, "rgba(47, 126, 216, 0)"], [1.0, _OURS]],
        colorbar={"title": "times", "thickness": 12}, hovertemplate="%{y} written as %{x}: %{z}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(title={"text": "What is confused", "font": {"size": 15}}, height=420, **_LAYOUT)
    figure.update_yaxes(title="said", autorange="reversed", type="category")
    figure.update_xaxes(title="written", type="category")
    return figure
