"""The curve of a fit as plain SVG: a text's report stays a few kilobytes."""

from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[Sequence[float]]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 300, 52, 16, 16, 40
_COLOURS = ("#8c8c8c", "#2f7ed8", "#e0861a")


def draw_curve(curves: Mapping[str, Points], x: str, y: str) -> str:
    """Lines through ``[x, y]`` points by name, with their last values, as an ``svg`` element."""
    points = [point for line in curves.values() for point in line]
    if not points:
        return ""
    left, right = min(point[0] for point in points), max(point[0] for point in points)
    low, high = min(point[1] for point in points), max(point[1] for point in points)
    across = (_WIDTH - _LEFT - _RIGHT) / ((right - left) or 1.0)
    down = (_HEIGHT - _TOP - _BOTTOM) / ((high - low) or 1.0)
    parts = []
    for number in range(5):
        value = low + (high - low) * number / 4
        at = _TOP + (high - value) * down
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#80808040"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for value, anchor in ((left, "start"), (right, "end")):
        at = _LEFT + (value - left) * across
        parts.append(f'<text x="{at:.1f}" y="{_HEIGHT - 22}" text-anchor="{anchor}">{value:g}</text>')
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 22}" text-anchor="middle">{escape(x)}</text>')
    for place, ((name, line), colour) in enumerate(zip(curves.items(), _COLOURS, strict=False)):
        path = " ".join(f"{_LEFT + (a - left) * across:.1f},{_TOP + (high - b) * down:.1f}" for a, b in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        label = escape(f"{name} {line[-1][1]:.4f}") if line else escape(name)
        parts.append(f'<text x="{_LEFT + 220 * place}" y="{_HEIGHT - 4}" fill="{colour}">{label}</text>')
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(y)} by {escape(x)}" '
        'style="width:100%;max-width:44rem;height:auto;font:12px system-ui,sans-serif" fill="#808790">'
        f"{''.join(parts)}</svg>"
    )
