"""Which baseline wins, on what, and by how much, in plain sentences."""

from collections.abc import Mapping

from statecast import metrics

_METRICS = tuple(metrics.get(name) for name in ("mse", "mae", "smape", "mase", "directional_accuracy"))
Row = Mapping[str, float | None]


def summarise(ours: Row, baselines: Mapping[str, Row]) -> list[str]:
    """Say which baselines are ahead of our model.

    Parameters
    ----------
    ours : mapping of str to float or None
        Our figures by metric.
    baselines : mapping of str to mapping
        Those of each baseline by name.

    Returns
    -------
    list of str
        One sentence per baseline that is ahead anywhere, the one ahead most often first; else one that none is.

    Examples
    --------
    >>> summarise({"mae": 2.0}, {"naive2": {"mae": 1.0}, "ewma": {"mae": 3.0}})
    ['naive2 is better than this model on MAE (1 against 2).']
    """
    ahead = {name: parts for name, row in baselines.items() if (parts := _ahead(ours, row))}
    if not ahead:
        known = [metric.title for metric in _METRICS if ours.get(metric.name) is not None]
        if not known or not baselines:
            return ["Nothing was tested, so nothing is known of how good this model is."]
        return [f"No baseline here is ahead on {', '.join(known)}."]
    order = sorted(ahead, key=lambda name: -len(ahead[name]))
    return [f"{name} is better than this model on {', '.join(ahead[name])}." for name in order]


def _ahead(ours: Row, theirs: Row) -> list[str]:
    parts = []
    for metric in _METRICS:
        own, other = ours.get(metric.name), theirs.get(metric.name)
        if own is not None and other is not None and (other > own if metric.better == "higher" else other < own):
            parts.append(f"{metric.title} ({other:.4g} against {own:.4g})")
    return parts
