"""A few lines over one axis as plain SVG: the report of a text stays a few kilobytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Points = Sequence[Sequence[float]]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 300, 52, 16, 16, 40
_COLOURS = ("#8c8c8c", "#2f7ed8", "#e0861a")


@dataclass(frozen=True)
class Tick:
    """A label at a place of an axis, in units of the drawing."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A line: ``x,y`` pairs in units of the drawing, its name with the last value, its colour."""

    points: str
    label: str
    colour: str


@dataclass(frozen=True)
class LineChart:
    """What the template draws: lines, ticks of the y axis (``rows``) and both ends of the x axis."""

    x: str
    y: str
    rows: Sequence[Tick]
    ends: Sequence[Tick]
    lines: Sequence[Line]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT


def new_line_chart(curves: Mapping[str, Points], x: str, y: str) -> LineChart | None:
    """Lay out lines through ``[x, y]`` points by name.

    Parameters
    ----------
    curves : points by the name of the line, at most three lines.
    x, y : what the axes show.

    Returns
    -------
    The chart, or None if there is no point.
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
