"""Which models are loaded, and which of them a request means."""

import logging
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import statecast
from service.engine import device_of
from service.errors import UnknownModel, Unprocessable
from service.scheduling.job import member_key
from statecast.artifacts.artifact import Artifact
from statecast.config import ForecasterConfig
from statecast.errors import ArtifactError, StatecastError
from statecast.models.family import REACH, Family, FamilyConfig

_log = logging.getLogger(__name__)
_DOES = {"forecaster": "forecasts series", "family": "forecasts series", "generator": "writes text"}
_HOW = {
    "forecaster": "give it series, at POST /forecast or POST /generate",
    "family": "give it series, at POST /forecast or POST /generate",
    "generator": "give it a prompt, at POST /generate",
}


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded artifact, as the service sees it.

    kind: ``forecaster``, ``family`` or ``generator``.  state_bytes: of one variable or text.  streaming: as declared.
    season: of one member of a family, None for the family as a whole and for all other models.
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

    @classmethod
    def of(cls, artifact: Artifact) -> "Model":
        """Describe an artifact."""
        return cls(
            artifact.name,
            artifact.version,
            artifact.digest,
            artifact.kind,
            artifact.manifest,
            int(artifact.manifest["state_bytes"]),
            str(artifact.manifest.get("streaming", "none")),
            artifact,
        )

    @property
    def config(self) -> ForecasterConfig:
        """Shape of a forecaster, of a whole family that of its longest season; ``ArtifactError`` for another kind."""
        network = self.artifact.network
        if isinstance(network, Family):
            return _member_config(network.config, self.season or network.config.longest_season)
        return self.artifact.forecaster.config

    @property
    def longest_season(self) -> int | None:
        """Of a family; None for a model that has a season of its own, or none."""
        network = self.artifact.network
        return network.config.longest_season if isinstance(network, Family) else None

    @property
    def reach(self) -> int:
        """Longest horizon of a forecast: a family rolls on past its own."""
        return REACH if self.kind == "family" else self.config.horizon

    @property
    def key(self) -> str:
        """What the engine calls the network."""
        return member_key(self.digest, self.season)

    def member(self, season: int | None) -> "Model":
        """A family's member of one season: the same artifact, a network of its own. None: the model itself."""
        return self if season is None else replace(self, season=season)

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class Catalog:
    """Loaded models by name, version and digest.

    ``broken`` maps each folder that could not be loaded to the reason; the others are served all the same.

    Parameters
    ----------
    models:
        At least one.
    default:
        What requests that name none mean; None takes a family named ``default``, else the first by name, in its latest
        version.

    Raises
    ------
    ArtifactError
        If there is no model, or not the default one.
    """

    def __init__(self, models: list[Model], default: str | None = None, broken: dict[str, str] | None = None) -> None:
        self.broken = dict(broken or {})
        self.models = sorted(models, key=lambda model: (model.name, _order(model.version)))
        if not self.models:
            raise ArtifactError(f"artifacts: expected at least one whole artifact, found none. {self._reasons()}")
        try:
            self.default = self._named(self._first().name if default is None else default)
        except UnknownModel as error:
            raise ArtifactError(f"default_model: {error.detail}. {self._reasons()}") from None

    @classmethod
    def load(cls, folder: Path, default: str | None, device: str) -> "Catalog":
        """Load every sub-folder that has a manifest, or ``folder`` itself where it is an artifact.

        A broken artifact is skipped, loudly, unless it is the default. ``device`` is ``auto``, ``cpu`` or ``cuda``.

        Raises
        ------
        ArtifactError
            If nothing can be served, or the default cannot.
        """
        found = [folder] if (folder / "manifest.json").is_file() else sorted(folder.glob("*/"))
        models: dict[str, Model] = {}
        broken: dict[str, str] = {}
        for path in found:
            if not (path / "manifest.json").is_file():
                continue
            try:
                model = Model.of(statecast.load(path, device=device_of(device)))
            except StatecastError as error:
                _log.error("artifact %s is not served: %s", path, error)
                broken[str(path)] = str(error)
                continue
            twin = next((known for known in models.values() if str(known) == str(model)), None)
            if twin is not None and twin.digest != model.digest:
                broken[str(path)] = f"{model} is loaded already with another digest; give one of them another version"
                _log.error("artifact %s is not served: %s", path, broken[str(path)])
                continue
            models[model.digest] = model
        if not found or not (models or broken):
            broken[str(folder)] = "holds no folder with a manifest.json; train one, or set STATECAST_ARTIFACTS"
        return cls(list(models.values()), default, broken)

    def resolve(self, text: str | None, kind: str | None = None) -> Model:
        """Find the model that ``name``, ``name@version`` or ``name@sha256:…`` means; None means the default.

        A bare name means its latest version. Where a kind is wanted, ``forecaster`` for whatever forecasts series, None
        means the default one if it does the same, else the first by name that does.

        Raises
        ------
        UnknownModel
            If there is none; the detail names those that are loaded.
        Unprocessable
            If it is of another kind than the one that is wanted.
        """
        wanted = None if kind is None else _DOES[kind]
        able = [model for model in self.models if wanted in (None, _DOES[model.kind])]
        if text is not None:
            model = self._named(text)
        elif self.default in able:
            return self.default
        else:
            model = self._named(self._first(able).name) if able else self.default
        if model in able:
            return model
        raise Unprocessable(
            f"model: expected one that {wanted} ({', '.join(map(str, able)) or 'none is loaded'}), got {model}, which "
            f"{_DOES[model.kind]}; {_HOW[model.kind]}",
            code="wrong_kind",
        )

    def _first(self, models: list[Model] | None = None) -> Model:
        """The one that is meant where none is named: a family called ``default``, else the first by name."""
        models = models or self.models
        return next((model for model in models if (model.name, model.kind) == ("default", "family")), models[0])

    def _named(self, text: str) -> Model:
        name, _, which = text.partition("@")
        fitting = [m for m in self.models if m.name == name and which in ("", m.version, m.digest)]
        if not fitting:
            raise UnknownModel(f"model: expected one of {', '.join(map(str, self.models))}, got {text[:120]!r}")
        return fitting[-1]

    def _reasons(self) -> str:
        return "; ".join(f"{path}: {reason}" for path, reason in self.broken.items())


@lru_cache(maxsize=1024)
def _member_config(family: FamilyConfig, season: int) -> ForecasterConfig:
    return family.of(season)


def _order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Sort ``2`` before ``10`` and numbers before words, part by part."""
    parts = version.replace("-", ".").split(".")
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
