"""The figures of a report, as plotly figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

Array = NDArray[np.float64]
_OURS = "#2f7ed8"
_ACTUAL = "#8c8c8c"
_OTHERS = ("#e0861a", "#3aa655", "#c0504d", "#8a63c9", "#17a2b8", "#b8860b", "#d45fa0", "#6b7f3a")


def fan(title: str, x: Sequence[Any], actual: Array, quantiles: Array, levels: Sequence[float]) -> go.Figure:
    """Draw a forecast over what came: intervals and median over the horizon.

    Parameters
    ----------
    title : str
        Heading of the figure.
    x : sequence
        N times or step numbers; the last F are the horizon.
    actual : ndarray, shape [N]
        Values over the end of the history and the horizon, NaN missing.
    quantiles : ndarray, shape [F, Q]
        The forecast, in the unit of the values.
    levels : sequence of float
        The Q quantile levels, ascending, symmetric, with 0.5 among them.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure.
    """
    ahead = list(x)[-len(quantiles) :]
    figure = go.Figure()
    pairs = [(k, len(levels) - 1 - k) for k in range(len(levels) // 2)]
    for low, high in pairs:
        share = round(100 * (levels[high] - levels[low]))
        figure.add_scatter(
            x=ahead + ahead[::-1],
            y=[*quantiles[:, high], *quantiles[::-1, low]],
            fill="toself",
            fillcolor="rgba(47, 126, 216, 0.16)",
            line={"width": 0},
            hoverinfo="skip",
            name=f"{share} % interval",
            showlegend=low == 0,
        )
    figure.add_scatter(x=list(x), y=actual, name="actual", line={"color": _ACTUAL, "width": 1.5})
    figure.add_scatter(
        x=ahead, y=quantiles[:, list(levels).index(0.5)], name="median", line={"color": _OURS, "width": 2}
    )
    return _finish(figure, title, "", "")


def by_step(errors: Mapping[str, Array]) -> go.Figure:
    """Draw the error of each model at each step of the horizon.

    Parameters
    ----------
    errors : mapping of str to ndarray, shape [F]
        Mean absolute error by model, in standard deviations of the training rows; ours first.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure.
    """
    figure = go.Figure()
    for number, (name, values) in enumerate(errors.items()):
        colour = _OURS if number == 0 else _OTHERS[(number - 1) % len(_OTHERS)]
        line = {"color": colour, "width": 3 if number == 0 else 1.5}
        figure.add_scatter(x=np.arange(1, len(values) + 1), y=values, name=name, line=line)
    return _finish(figure, "Error by horizon step", "steps ahead", "MAE, standardised")


def calibration(levels: Sequence[float], shares: Array) -> go.Figure:
    """Draw the share of actual values at or below each quantile against its level.

    Parameters
    ----------
    levels : sequence of float
        The Q quantile levels.
    shares : ndarray, shape [Q]
        Observed shares, 0 to 1.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure.
    """
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], name="perfect", line={"color": _ACTUAL, "dash": "dot"}, mode="lines")
    figure.add_scatter(x=list(levels), y=shares, name="observed", line={"color": _OURS}, mode="lines+markers")
    return _finish(figure, "Calibration", "quantile level", "share at or below")


def curves(loss: Sequence[Sequence[float]], validation: Sequence[Sequence[float]]) -> go.Figure:
    """Draw training loss and carried validation over the steps; their units differ.

    Parameters
    ----------
    loss : sequence of pairs
        Step and training loss.
    validation : sequence of pairs
        Step and validation.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure.
    """
    figure = go.Figure()
    figure.add_scatter(x=[p[0] for p in loss], y=[p[1] for p in loss], name="training loss", line={"color": _ACTUAL})
    figure.add_scatter(
        x=[p[0] for p in validation], y=[p[1] for p in validation], name="carried validation", line={"color": _OURS}
    )
    return _finish(figure, "Loss", "step", "")


def trials(title: str, settings: Sequence[Any], validation: Sequence[float]) -> go.Figure:
    """Draw validation of each trial against one of its settings.

    Parameters
    ----------
    title : str
        Name of the setting.
    settings : sequence
        Its value in each trial, the best trial first.
    validation : sequence of float
        Validation of each trial, lower is better.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure, with the best trial coloured.
    """
    colours = [_OURS, *[_ACTUAL] * (len(settings) - 1)]
    figure = go.Figure()
    figure.add_scatter(x=list(settings), y=list(validation), mode="markers", marker={"color": colours, "size": 9})
    return _finish(figure, title, "", "validation")


def attention(title: str, names: Sequence[str], weights: Array, segment: int) -> go.Figure:
    """Draw the shares that named parts have in each horizon segment as a heat map.

    Parameters
    ----------
    title : str
        Heading of the figure.
    names : sequence of str
        The K parts.
    weights : ndarray, shape [S, K]
        Shares, 0 to 1, by horizon segment.
    segment : int
        Steps per horizon segment.

    Returns
    -------
    plotly.graph_objects.Figure
        The figure.
    """
    steps = [f"{at * segment + 1} to {(at + 1) * segment}" for at in range(len(weights))]
    figure = go.Figure()
    figure.add_heatmap(
        z=weights.T, x=steps, y=list(names), zmin=0.0, zmax=float(weights.max()),
        colorscale=[[0.0, "rgba(47, 126, 216, 0)"], [1.0, _OURS]],
        colorbar={"title": "share", "thickness": 12}, hovertemplate="%{y}, steps %{x}: %{z:.2f}<extra></extra>",
    )  # fmt: skip
    finished = _finish(figure, title, "steps ahead", "")
    finished.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    return finished


def _finish(figure: go.Figure, title: str, x: str, y: str) -> go.Figure:
    grid = {"gridcolor": "rgba(128, 128, 128, 0.25)", "zerolinecolor": "rgba(128, 128, 128, 0.4)"}
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        # Grey text on a transparent background is legible on white and on black.
        font={"color": "#808790", "family": "system-ui, sans-serif", "size": 12},
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        margin={"l": 48, "r": 12, "t": 44, "b": 44},
        height=340,
        legend={"orientation": "h", "y": -0.22},
        xaxis={"title": x, **grid},
        yaxis={"title": y, **grid},
    )
    return figure
