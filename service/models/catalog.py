"""Which models are loaded, and which of them a request means."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import statecast
from service.engine import device_of
from service.errors import UnknownModel, Unprocessable
from service.models.fitting import FITTED, Fitting
from service.models.kinds import KINDS
from service.models.model import Model
from statecast.errors import ArtifactError, StatecastError

_log = logging.getLogger(__name__)


class Catalog:
    """Loaded models by name, version and digest.

    Parameters
    ----------
    models : list of Model
        At least one.
    default : str or None
        What requests that name none mean; None takes a family named ``default``, else the first by name, in its latest
        version.
    broken : dict of str to str, optional
        Each folder that could not be loaded, with the reason; the others are served all the same.

    Raises
    ------
    ArtifactError
        If there is no model, or not the default one.
    """

    def __init__(self, models: list[Model], default: str | None = None, broken: dict[str, str] | None = None) -> None:
        self.broken = dict(broken or {})
        self.models = sorted(models, key=_place)
        if not self.models:
            raise ArtifactError(f"artifacts: expected at least one whole artifact, found none. {self._reasons()}")
        try:
            self.default = self._named(self._first().name if default is None else default)
        except UnknownModel as error:
            raise ArtifactError(f"default_model: {error.detail}. {self._reasons()}") from None

    @classmethod
    def load(cls, folder: Path, default: str | None, device: str) -> "Catalog":
        """Load every sub-folder that has a manifest, or the folder itself where it is an artifact.

        A broken artifact is skipped, loudly, unless it is the default: no other takes its place.

        Parameters
        ----------
        folder : Path
            As ``STATECAST_ARTIFACTS`` names it.
        default : str or None
            As ``STATECAST_DEFAULT_MODEL`` names it.
        device : str
            ``auto``, ``cpu`` or ``cuda``.

        Returns
        -------
        Catalog
            With at least one model.

        Raises
        ------
        ArtifactError
            If nothing can be served, or the default cannot.
        """
        found = [folder] if (folder / "manifest.json").is_file() else sorted(folder.glob("*/"), key=_operators_first)
        models: dict[str, Model] = {}
        broken: dict[str, str] = {}
        lost: dict[str, str] = {}
        for path in found:
            if not any((path / file).is_file() for file in ("manifest.json", "model.safetensors")):
                continue
            fitting = Fitting.read(path)
            try:
                model = Model.of(statecast.load(path, device=device_of(device)), path, fitting)
            except StatecastError as error:
                _log.error("artifact %s is not served: %s", path, error)
                broken[str(path)] = str(error)
                if fitting is None:
                    lost[_named_in(path)] = str(error)
                continue
            same = next((known for known in models.values() if str(known) == str(model)), None)
            if same is not None and same.digest != model.digest:
                broken[str(path)] = f"{model} is loaded already with another digest; give one of them another version"
                _log.error("artifact %s is not served: %s", path, broken[str(path)])
                continue
            models[model.digest] = model
        if not found or not (models or broken):
            broken[str(folder)] = "holds no folder with a manifest.json; train one, or set STATECAST_ARTIFACTS"
        if default is None and lost:
            _check_found({model.name for model in models.values()}, lost)
        return cls(list(models.values()), default, broken)

    def add(self, model: Model) -> None:
        """Serve one more model from now on; which one is the default does not change.

        Parameters
        ----------
        model : Model
            Of a name and version that no other has.
        """
        self.models = sorted([*self.models, model], key=_place)

    def remove(self, model: Model) -> None:
        """Serve a model no longer; what is at work with it goes on.

        Parameters
        ----------
        model : Model
            Not the default one.
        """
        self.models = [one for one in self.models if one is not model]

    def resolve(self, text: str | None, kind: str | None = None) -> Model:
        """Find the model that a request means.

        Parameters
        ----------
        text : str or None
            ``name``, which means its latest version, ``name@version`` or ``name@sha256:…``. None means the default
            model if it does what is wanted, else the first by name that does.
        kind : str or None
            What is wanted, such as ``generator``, or ``forecaster`` for whatever forecasts series; None for anything.

        Returns
        -------
        Model
            A loaded one.

        Raises
        ------
        UnknownModel
            If there is none; the detail names those that are loaded.
        Unprocessable
            If it is of another kind than the one that is wanted.
        """
        wanted = None if kind is None else KINDS[kind].does
        able = [model for model in self.models if wanted in (None, KINDS[model.kind].does)]
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
            f"{KINDS[model.kind].does}; {KINDS[model.kind].how}",
            code="wrong_kind",
        )

    def _first(self, models: list[Model] | None = None) -> Model:
        """The one that is meant where none is named: a family called ``default``, else the first by name.

        One that a job fitted never is while there is another: a client must not choose for all.
        """
        models = models or self.models
        models = [model for model in models if model.fitting is None] or models
        return next((model for model in models if (model.name, model.kind) == ("default", "family")), models[0])

    def _named(self, text: str) -> Model:
        name, _, which = text.partition("@")
        fitting = [m for m in self.models if m.name == name and which in ("", m.version, m.digest)]
        if not fitting:
            raise UnknownModel(f"model: expected one of {', '.join(map(str, self.models))}, got {text[:120]!r}")
        return fitting[-1]

    def _reasons(self) -> str:
        return "; ".join(f"{path}: {reason}" for path, reason in self.broken.items())


def holds_artifact(folder: Path) -> bool:
    """Whether a folder is an artifact or holds one, whole or not.

    Parameters
    ----------
    folder : Path
        As ``STATECAST_ARTIFACTS`` names it.
    """
    return (folder / "manifest.json").is_file() or any(folder.glob("*/manifest.json"))


def _operators_first(path: Path) -> tuple[bool, Path]:
    """Of two that have one name the first is served: not the one that a job fitted."""
    return (path / FITTED).is_file(), path


def _place(model: Model) -> Any:
    return model.name, _order(model.version)


def _named_in(path: Path) -> str:
    """The name of an artifact that cannot be loaded, as far as it can be read."""
    try:
        name = json.loads((path / "manifest.json").read_bytes())["name"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return path.name
    return name if isinstance(name, str) and name else path.name


def _check_found(loaded: set[str], lost: Mapping[str, str]) -> None:
    """Refuse to start where what would be the default, had it been loaded, was not."""
    every = loaded | set(lost)
    meant = "default" if "default" in every else min(every)
    if loaded and meant not in loaded:
        raise ArtifactError(
            f"default_model: {meant!r}, which requests mean that name no model, cannot be loaded: {lost[meant]}. Mend "
            "its folder, take it away, or name another in STATECAST_DEFAULT_MODEL"
        )


def _order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Sort ``2`` before ``10`` and numbers before words, part by part."""
    parts = version.replace("-", ".").split(".")
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
