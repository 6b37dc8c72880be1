"""Which member of a pretrained family forecasts a table."""

import statecast
from statecast.models.family import Family
from statecast.time.seasonality import choose_season
from training.data.panel import Panel
from training.selection.defaults import choose_network


def fitting(artifact: statecast.Artifact, panel: Panel, horizon: int | None = None) -> statecast.Artifact:
    """Give the member of a family for a panel's freq and season.

    Parameters
    ----------
    artifact : Artifact
        Any artifact.
    panel : Panel
        What is to be forecast; its longest series gives the season.
    horizon : int, optional
        Steps ahead. If left out, what a fit without a config would choose, or the member's own where that is shorter.

    Returns
    -------
    Artifact
        The same with the member as its network; the artifact itself if it is not a family.

    Raises
    ------
    ConfigError
        If the horizon is longer than the family forecasts at once.
    """
    family = artifact.network
    if not isinstance(family, Family):
        return artifact
    season, freq = _season_of(panel)
    most = family.config.of(season).horizon
    wanted = horizon or min(choose_network(panel, {}).horizon, most)
    return artifact.member(season, freq, wanted)


def serving(artifact: statecast.Artifact, panel: Panel) -> statecast.Artifact:
    """Give the member of a family that forecasts a panel's season wherever the artifact is used.

    Parameters
    ----------
    artifact : Artifact
        Any artifact.
    panel : Panel
        What is to be forecast; its longest series gives the season.

    Returns
    -------
    Artifact
        The same with the member as its network, of its own horizon; the artifact itself if it is not a family.
    """
    return artifact.member(*_season_of(panel)) if isinstance(artifact.network, Family) else artifact


def _season_of(panel: Panel) -> tuple[int, str | None]:
    longest = max(panel.items, key=lambda item: item.target.size)
    freq = str(panel.freq) if panel.freq else None
    return choose_season(longest.target, freq), freq
