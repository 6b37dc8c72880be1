"""Which baseline wins, on what, and by how much: said in plain sentences."""

from collections.abc import Mapping

# Metric -> its title, and whether more is better.
_METRICS = {
    "mse": ("MSE", False),
    "mae": ("MAE", False),
    "smape": ("sMAPE", False),
    "mase": ("MASE", False),
    "directional": ("direction", True),
}
Row = Mapping[str, float | None]


def give_verdict(ours: Row, baselines: Mapping[str, Row]) -> list[str]:
    """One sentence a baseline that is ahead of ours anywhere, the most often ahead first; else that none is."""
    ahead = {name: parts for name, row in baselines.items() if (parts := _ahead(ours, row))}
    if not ahead:
        known = [title for metric, (title, _) in _METRICS.items() if ours.get(metric) is not None]
        if not known or not baselines:
            return ["Nothing was tested, so nothing is known of how good this model is."]
        return [f"No baseline here is ahead on {', '.join(known)}."]
    order = sorted(ahead, key=lambda name: -len(ahead[name]))
    return [f"{name} is better than this model on {', '.join(ahead[name])}." for name in order]


def _ahead(ours: Row, theirs: Row) -> list[str]:
    parts = []
    for metric, (title, more) in _METRICS.items():
        own, other = ours.get(metric), theirs.get(metric)
        if own is not None and other is not None and (other > own if more else other < own):
            parts.append(f"{title} ({other:.4g} against {own:.4g})")
    return parts
