"""Draws ``docs/forecast.svg``: the example model's forecast of a site that it was not trained on.

``make picture`` runs it. The lines are written straight into the file; no plotting library is needed for a few paths.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import statecast
from training.synthetic.loads import load_table

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 340, 52, 20, 44, 34
DAYS_SHOWN = 9
# Not the seed of the panel that the example is trained on.
UNSEEN = 2026

Values = NDArray[np.float64]


class Canvas:
    """Maps steps and values to the picture's coordinates and collects its elements."""

    def __init__(self, steps: int, low: float, high: float) -> None:
        self.steps, self.low, self.high = steps, low, high
        self.elements: list[str] = []

    def x(self, step: float) -> float:
        """Horizontal place of a step."""
        return LEFT + (WIDTH - LEFT - RIGHT) * step / (self.steps - 1)

    def y(self, value: float) -> float:
        """Vertical place of a value."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.low) / (self.high - self.low)

    def points(self, first: int, values: Values) -> list[str]:
        """Coordinates of ``values`` from step ``first`` on, without the missing ones."""
        present = np.flatnonzero(~np.isnan(values))
        return [f"{self.x(first + int(index)):.1f},{self.y(values[index]):.1f}" for index in present]

    def line(self, first: int, values: Values, style: str) -> None:
        """One line."""
        self.elements.append(f'<polyline points="{" ".join(self.points(first, values))}" fill="none" {style}/>')

    def band(self, first: int, low: Values, high: Values, style: str) -> None:
        """The area between two lines."""
        corners = self.points(first, low) + self.points(first, high)[::-1]
        self.elements.append(f'<polygon points="{" ".join(corners)}" {style}/>')

    def text(self, x: float, y: float, words: str, style: str = "") -> None:
        """Words at a place of the picture."""
        self.elements.append(f'<text x="{x:.1f}" y="{y:.1f}" {style}>{words}</text>')

    def svg(self) -> str:
        """The whole file."""
        body = "\n".join(self.elements)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            f'font-size="12" fill="#57606a" role="img">\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>\n{body}\n</svg>\n'
        )


def ticks(low: float, high: float) -> Sequence[float]:
    """Three to six round values between two."""
    rough = (high - low) / 4
    power = 10 ** np.floor(np.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda factor: abs(factor * power - rough))
    return [float(value) for value in np.arange(np.ceil(low / step) * step, high, step)]


def draw(artifact: statecast.Artifact) -> str:
    """The picture as SVG: history, forecast with its 80 % interval, and what came."""
    table = load_table(items=1, days=120, seed=UNSEEN)
    load = table["target"].to_numpy(dtype=np.float64)
    horizon = artifact.config.horizon
    last = int(np.flatnonzero(~np.isnan(load))[-1]) + 1
    begin = last - horizon
    known = {covariate.name for covariate in artifact.config.future_covariates}
    temperature = {name: table[name].to_numpy()[:last].tolist() for name in known & set(table.columns)}
    forecast = artifact.forecast(
        load[:begin], horizon, start=table["timestamp"].iloc[0].to_datetime64(), future_covariates=temperature
    )
    shown = begin - DAYS_SHOWN * 24
    seen = np.concatenate([load[shown:last], forecast.quantiles[0.1], forecast.quantiles[0.9]])
    margin = 0.05 * (np.nanmax(seen) - np.nanmin(seen))
    canvas = Canvas(last - shown, float(np.nanmin(seen) - margin), float(np.nanmax(seen) + margin))
    for value in ticks(canvas.low, canvas.high):
        y = canvas.y(value)
        canvas.elements.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#eaeef2"/>')
        canvas.text(LEFT - 8, y + 4, f"{value:g}", 'text-anchor="end"')
    for step in range(shown, last):
        moment = table["timestamp"].iloc[step]
        if moment.hour == 0:
            canvas.text(canvas.x(step - shown), HEIGHT - 12, f"{moment:%a %d %b}", 'text-anchor="start"')
    # The forecasts begin where the last observation stands, one step to the right of it.
    first = begin - shown
    canvas.band(first, forecast.quantiles[0.1], forecast.quantiles[0.9], 'fill="#0969da" fill-opacity="0.18"')
    canvas.line(0, load[shown:begin], 'stroke="#57606a" stroke-width="1.5"')
    canvas.line(first - 1, load[begin - 1 : last], 'stroke="#57606a" stroke-width="1.5" stroke-dasharray="2 3"')
    canvas.line(first, forecast.quantiles[0.5], 'stroke="#0969da" stroke-width="2"')
    edge = canvas.x(first - 0.5)
    canvas.elements.append(f'<path d="M{edge:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#afb8c1" stroke-dasharray="4 4"/>')
    canvas.text(LEFT, 24, "load of an unseen site, by the hour")
    canvas.text(edge + 6, 24, "forecast, 80 % interval", 'fill="#0969da"')
    canvas.text(edge + 6, 40, "dotted: what came")
    return canvas.svg()


def main() -> None:
    """Load the artifact, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", nargs="?", default="artifacts/load-hourly", help="folder of a trained artifact")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("forecast.svg"))
    given = parser.parse_args()
    given.out.write_text(draw(statecast.load(given.artifact)))
    print(f"wrote {given.out}")


if __name__ == "__main__":
    main()
