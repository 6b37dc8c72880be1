"""A loaded artifact, as the service sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from service.models.fitting import Fitting
from service.scheduling.job import member_key, read_regression
from statecast.artifacts.artifact import Artifact
from statecast.config import ForecasterConfig
from statecast.models.family import REACH, Family, FamilyConfig
from statecast.models.interface import SeriesNetwork
from statecast.regression.family_member import regression_member_shape
from statecast.uncertainty.bounds import Bounds


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded artifact, as the service sees it.

    Parameters
    ----------
    name : str
        Name of the model.
    version : str
        Its version.
    digest : str
        ``sha256:…`` of the artifact.
    kind : str
        One of ``models.kinds.KINDS``.
    manifest : dict
        Of the artifact, under today's names.
    state_bytes : int
        Bytes of the state of one variable, or of one text.
    streaming : str
        As the manifest declares it.
    artifact : Artifact
        With the network.
    season : int or None
        Of one member of a family, None for the family as a whole and for all other models.
    regression : str
        What a family's member reads of covariates, see ``regression_key``; "" for none.
    bounds : Bounds or None
        What the fit noticed that forecasts are to be kept inside of; None for a family, which looks at each series.
    tails : mapping of int to (float, float)
        See ``Calibration.exponents``, by patch length; of what forecasts no series none.
    folder : Path or None
        Where it was loaded from.
    fitting : Fitting or None
        How a job fitted it; None for those that were put there.
    """

    name: str
    version: str
    digest: str
    kind: str
    manifest: dict[str, Any]
    state_bytes: int
    streaming: str
    artifact: Artifact = field(repr=False)
    season: int | None = None
    regression: str = ""
    bounds: Bounds | None = None
    tails: Mapping[int, tuple[float, float]] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    fitting: Fitting | None = None

    @classmethod
    def of(cls, artifact: Artifact, folder: Path | None = None, fitting: Fitting | None = None) -> "Model":
        """Describe an artifact.

        Parameters
        ----------
        artifact : Artifact
            Loaded and verified.
        folder : Path or None
            Where it was loaded from.
        fitting : Fitting or None
            How a job fitted it.

        Returns
        -------
        Model
            The whole artifact.
        """
        return cls(
            artifact.name,
            artifact.version,
            artifact.digest,
            artifact.kind,
            artifact.manifest,
            int(artifact.manifest["state_bytes"]),
            str(artifact.manifest.get("streaming", "none")),
            artifact,
            bounds=None if artifact.kind == "family" else artifact.bounds,
            tails=_tails(artifact),
            folder=folder,
            fitting=fitting,
        )

    @property
    def config(self) -> ForecasterConfig:
        """Shape of a forecaster, of a whole family that of its longest season; ``ArtifactError`` for another kind."""
        network = self.artifact.network
        if isinstance(network, Family):
            return _member_config(network.config, self.season or network.config.longest_season, self.regression)
        return self.artifact.forecaster.config

    @property
    def longest_season(self) -> int | None:
        """Of a family; None for a model that has a season of its own, or none."""
        network = self.artifact.network
        return network.config.longest_season if isinstance(network, Family) else None

    @property
    def horizon(self) -> int:
        """Steps ahead of a forecast that names no number; of a family the same for every season."""
        network = self.artifact.network
        return network.config.horizon if isinstance(network, Family) else self.config.horizon

    @property
    def reach(self) -> int:
        """Longest horizon of a forecast: a family rolls on past its own."""
        return REACH if self.kind == "family" else self.config.horizon

    @property
    def takes_deviations(self) -> bool:
        """Whether its networks read deviations from a level, see ``SeriesNetwork.takes_deviations``."""
        network = self.artifact.network
        if isinstance(network, Family):
            transformed = self.regression and read_regression(self.regression)[2] is not None
            return not (self.config.asinh_unit or transformed)
        return self.artifact.forecaster.takes_deviations

    @property
    def tail_exponents(self) -> tuple[float, float]:
        """How its quantiles go on beyond the trained levels, of a whole family those of its longest season."""
        return self.tails[self.config.patch_length]

    @property
    def takes_covariates(self) -> bool:
        """Whether it takes covariates of which it has learned nothing."""
        return self.kind == "family"

    @property
    def key(self) -> str:
        """What the engine calls the network."""
        return member_key(self.digest, self.season, self.regression)

    @property
    def identity(self) -> dict[str, str]:
        """The ``model`` object of an answer."""
        return {"name": self.name, "version": self.version, "digest": self.digest}

    def member(self, season: int | None, regression: str = "") -> "Model":
        """Give a family's member of one season: the same artifact, a network of its own.

        Parameters
        ----------
        season : int or None
            In steps; None gives the model itself.
        regression : str
            What it reads of covariates.

        Returns
        -------
        Model
            With its own ``key``.
        """
        return self if season is None else replace(self, season=season, regression=regression)

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def _tails(artifact: Artifact) -> dict[int, tuple[float, float]]:
    network = artifact.network
    if isinstance(network, Family):
        lengths = (length for _, length, _ in network.config.patches)
        return {length: network.calibration(str(length)).exponents for length in lengths}
    return {network.config.patch_length: network.calibration.exponents} if isinstance(network, SeriesNetwork) else {}


@lru_cache(maxsize=1024)
def _member_config(family: FamilyConfig, season: int, regression: str) -> ForecasterConfig:
    return (
        regression_member_shape(family, season, *read_regression(regression)[:2]) if regression else family.of(season)
    )
