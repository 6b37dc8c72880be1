"""Lines over bands: what was observed, what is forecast, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

from numpy.typing import NDArray

from statecast.errors import InputError

Points: TypeAlias = Sequence[Any] | NDArray[Any]
Band: TypeAlias = tuple[str, Points, Points]
"""Name, lower and upper ends."""

_COLOURS = ("#1f5fa8", "#c2571a", "#2f7d4f", "#7a3f9d", "#8a6d1d", "#1c8a94")
_PALE = (0.15, 0.3)


@dataclass(frozen=True)
class Line:
    """One line of a figure, with bands around it.

    Parameters
    ----------
    name : str
        Of the legend.
    times, values : sequence
        Of its points.
    bands : sequence of (str, sequence, sequence)
        Name, lower and upper ends, the widest first.
    marks : bool
        Whether it is points without a line between them.
    faint : bool
        Whether it is drawn in grey, as what was observed is.
    """

    name: str
    times: Points
    values: Points
    bands: Sequence[Band] = ()
    marks: bool = False
    faint: bool = False


def outer_band(quantiles: Mapping[float, Points]) -> list[Band]:
    """Give the outermost interval of quantiles as the band of a line.

    Parameters
    ----------
    quantiles : mapping of float to sequence
        By level.

    Returns
    -------
    list of (str, sequence, sequence)
        Empty where there is none.

    Examples
    --------
    >>> outer_band({0.1: [1.0], 0.5: [2.0], 0.9: [3.0]})
    [('80 %', [1.0], [3.0])]
    """
    if len(quantiles) < 2:
        return []
    lower, upper = min(quantiles), max(quantiles)
    return [(f"{round(100 * (upper - lower), 6):g} %", quantiles[lower], quantiles[upper])]


def draw(lines: Sequence[Line], title: str = "") -> Any:
    """Draw lines over their bands.

    Parameters
    ----------
    lines : sequence of Line
        In the order of the legend.
    title : str
        Of the figure.

    Returns
    -------
    plotly.graph_objects.Figure or matplotlib.figure.Figure
        Plotly's where it is installed.

    Raises
    ------
    InputError
        If neither is installed.
    """
    if _is_there("plotly"):
        return _by_plotly(lines, title)
    if _is_there("matplotlib"):
        return _by_matplotlib(lines, title)
    raise InputError("plot: needs plotly or matplotlib; pip install 'statecast[plots]'")


def _colours(lines: Sequence[Line]) -> list[str]:
    own = iter(range(len(lines)))
    return ["#777777" if line.faint else _COLOURS[next(own) % len(_COLOURS)] for line in lines]


def _by_plotly(lines: Sequence[Line], title: str) -> Any:
    from plotly import graph_objects

    figure = graph_objects.Figure(layout={"title": title or None, "template": "plotly_white", "hovermode": "x unified"})
    for line, colour in zip(lines, _colours(lines), strict=True):
        for place, (name, lower, upper) in enumerate(line.bands):
            share = _PALE[min(place, len(_PALE) - 1)]
            pale = f"rgba({','.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))},{share})"
            edge = {"x": list(line.times), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
            figure.add_scatter(**edge, y=list(upper), showlegend=False)
            figure.add_scatter(
                **edge, y=list(lower), fill="tonexty", fillcolor=pale, name=f"{line.name} {name}".strip()
            )
        mode = "markers" if line.marks else "lines"
        figure.add_scatter(x=list(line.times), y=list(line.values), mode=mode, name=line.name, line={"color": colour})
    return figure


def _by_matplotlib(lines: Sequence[Line], title: str) -> Any:
    # By name: it is no dependency of ours, and is used where somebody has it.
    figure = import_module("matplotlib.figure").Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot(title=title)
    for line, colour in zip(lines, _colours(lines), strict=True):
        for place, (name, lower, upper) in enumerate(line.bands):
            share = _PALE[min(place, len(_PALE) - 1)]
            label = f"{line.name} {name}".strip()
            axes.fill_between(line.times, lower, upper, color=colour, alpha=share, linewidth=0, label=label)
        axes.plot(line.times, line.values, "o" if line.marks else "-", color=colour, label=line.name)
    axes.legend()
    return figure


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # it was imported, and is none
        return False
