"""Many series at a glance: small lines in a grid, as HTML that a page takes in."""

from collections.abc import Sequence
from html import escape

import numpy as np

from training.synthetic.shape import Array

_WIDTH, _HEIGHT, _POINTS = 320, 90, 400


def draw_samples(series: Sequence[tuple[str, Array]]) -> str:
    """Each named series as a line of its last values; gaps stay gaps."""
    drawn = "".join(
        f"<figure>{_line(values)}<figcaption>{escape(name)}</figcaption></figure>" for name, values in series
    )
    style = (
        "<style>.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .6rem; }"
        ".samples figure { margin: 0; } .samples svg { width: 100%; height: auto; }"
        ".samples figcaption { font-size: .75rem; color: var(--soft); }"
        ".samples path { fill: none; stroke: currentColor; vector-effect: non-scaling-stroke; }</style>"
    )
    return f'{style}<div class="samples">{drawn}</div>'


def _line(values: Array) -> str:
    values = np.asarray(values, dtype=np.float64)[-_POINTS:]
    seen = values[~np.isnan(values)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 1.0)
    unit = (_HEIGHT - 4) / (high - low if high > low else 1.0)
    path, pen = [], "M"
    for step, value in enumerate(values):
        if np.isnan(value):
            pen = "M"
            continue
        path.append(f"{pen}{step * _WIDTH / max(values.size - 1, 1):.1f} {_HEIGHT - 2 - (value - low) * unit:.1f}")
        pen = "L"
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-hidden="true"><path d="{" ".join(path)}"/></svg>'
