"""A few lines over one axis as plain SVG: the report of a text remains a few kilobytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Points = Sequence[Sequence[float]]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 300, 52, 16, 16, 40
_COLOURS = ("#8c8c8c", "#2f7ed8", "#e0861a")


@dataclass(frozen=True)
class Tick:
    """A label at a place of an axis."""

    at: float
    """Place on the axis, in units of the drawing."""
    label: str
    """Text beside it."""


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    points: str
    """``x,y`` pairs separated by spaces, in units of the drawing."""
    label: str
    """Its name with the last value."""
    colour: str
    """Colour as CSS writes it."""


@dataclass(frozen=True)
class LineChart:
    """What the template draws."""

    x: str
    """What the x axis shows."""
    y: str
    """What the y axis shows."""
    rows: Sequence[Tick]
    """Ticks of the y axis."""
    ends: Sequence[Tick]
    """Both ends of the x axis."""
    lines: Sequence[Line]
    """The lines."""
    width: int = _WIDTH
    """Width of the drawing."""
    height: int = _HEIGHT
    """Height of the drawing."""
    left: int = _LEFT
    """Where the x axis begins."""
    right: int = _WIDTH - _RIGHT
    """Where the x axis ends."""


def new_line_chart(curves: Mapping[str, Points], x: str, y: str) -> LineChart | None:
    """Lay out a chart.

    Parameters
    ----------
    curves : mapping of str to sequence of pairs
        Points ``[x, y]`` by the name of the line, at most three lines.
    x, y : str
        What the axes show.

    Returns
    -------
    LineChart or None
        The chart, None if there is no point.

    Examples
    --------
    >>> new_line_chart({"loss": [[0, 1.0], [10, 0.0]]}, "step", "nats").lines[0].label
    'loss 0.0000'
    """
    points = [point for line in curves.values() for point in line]
    if not points:
        return None
    left, right = min(point[0] for point in points), max(point[0] for point in points)
    low, high = min(point[1] for point in points), max(point[1] for point in points)
    across = (_WIDTH - _LEFT - _RIGHT) / ((right - left) or 1.0)
    down = (_HEIGHT - _TOP - _BOTTOM) / ((high - low) or 1.0)
    levels = [low + (high - low) * number / 4 for number in range(5)]
    return LineChart(
        x,
        y,
        rows=[Tick(round(_TOP + (high - level) * down, 1), f"{level:.2f}") for level in levels],
        ends=[Tick(round(_LEFT + (value - left) * across, 1), f"{value:g}") for value in (left, right)],
        lines=[
            Line(
                " ".join(f"{_LEFT + (a - left) * across:.1f},{_TOP + (high - b) * down:.1f}" for a, b in line),
                f"{name} {line[-1][1]:.4f}" if line else name,
                colour,
            )
            for (name, line), colour in zip(curves.items(), _COLOURS, strict=False)
        ],
    )
