"""Models that jobs fitted: folders among the artifacts, served without a restart, by every replica that has the folder.

All replicas look at the folder now and again, so what one of them fits or deletes the others serve, or no longer.
"""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import statecast
from service.engine import device_of
from service.errors import JobConflict, TooManyJobs, UnknownModel, Unprocessable
from service.models.catalog import Catalog
from service.models.fitting import FITTED, Fitting
from service.models.model import Model
from statecast.artifacts.manifest import check_manifest
from statecast.errors import ArtifactError, StatecastError

_STAGING = ".fitted"
_log = logging.getLogger(__name__)


class FittedModels:
    """The models that jobs fitted. Every method may be called from any thread.

    Parameters
    ----------
    folder : Path
        Of all artifacts.
    catalogue : Catalog
        What is served.
    prepare : callable
        Makes an artifact ready to forecast.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    most : int
        How many there may be.
    """

    def __init__(
        self, folder: Path, catalogue: Catalog, prepare: Callable[[statecast.Artifact], None], device: str, most: int
    ) -> None:
        self._folder, self._catalogue, self._prepare = folder, catalogue, prepare
        self._device, self._most = device, most
        self._lock = Lock()
        self._broken: set[str] = set()
        self._served = set(self._fitted())

    def check_place(self) -> None:
        """Refuse what could not be kept: where artifacts cannot be written, or there are too many.

        Raises
        ------
        Unprocessable, TooManyJobs
            If there is no room for one more.
        """
        if (self._folder / "manifest.json").is_file() or not os.access(self._folder, os.W_OK):
            raise Unprocessable(
                "fit: expected STATECAST_ARTIFACTS to be a folder of artifacts that the server may write to, got "
                "one artifact itself, or one that is read-only",
                code="artifacts_not_writable",
            )
        if len(self._served) >= self._most:
            raise TooManyJobs(
                f"jobs: expected at most {self._most} models that jobs fitted (STATECAST_MAX_FITTED_MODELS, with "
                "those deleted since the start), got one more; delete some",
                code="too_many_models",
            )

    def check_name(self, owner: str, name: str, version: str) -> None:
        """Refuse a name that is another's: requests that name it would be answered by another model from then on.

        Parameters
        ----------
        owner : str
            Who has the model fitted.
        name, version : str
            Of the model.

        Raises
        ------
        Unprocessable, JobConflict
            If no artifact may have them, or one has.
        """
        try:
            check_manifest({"name": name, "version": version}, "fit")
        except ArtifactError as error:
            raise Unprocessable(str(error)) from None
        own = {model for _, model in self.each(owner)}
        for model in self._catalogue.models:
            if model.name == name and (model.version == version or model not in own):
                raise JobConflict(
                    f"name: expected one that no other model has, got {name[:80]!r}, the name of {str(model)[:80]}; "
                    + ("give another version" if model in own else "give another name"),
                    code="model_exists",
                )

    def each(self, owner: str) -> list[tuple[Fitting, Model]]:
        """List the models that jobs of an owner fitted and that are served, the oldest first.

        Parameters
        ----------
        owner : str
            Whose.
        """
        own = [(one.fitting, one) for one in self._fitted().values() if one.fitting and one.fitting.owner == owner]
        return sorted(own, key=lambda one: one[0].job)

    def find(self, owner: str, name: str) -> tuple[Fitting, Model]:
        """Find a model that a job of an owner fitted.

        Parameters
        ----------
        owner : str
            Whose.
        name : str
            ``name``, which means its newest version, or ``name@version``.

        Raises
        ------
        UnknownModel
            If there is none.
        """
        fitting = [one for one in self.each(owner) if name in (one[1].name, str(one[1]))]
        if not fitting:
            raise UnknownModel(f"model {name[:80]!r}: there is none that a job of this key fitted")
        return fitting[-1]

    def publish(self, built: Path, fitting: Fitting) -> Model:
        """Put an artifact among the others, whole or not at all, and serve it; twice is once.

        Parameters
        ----------
        built : Path
            Its folder; what lies in folders below it is left there.
        fitting : Fitting
            Kept beside it.

        Returns
        -------
        Model
            Which forecasts from now on.

        Raises
        ------
        StatecastError, JobConflict, OSError
            If it is broken, another model has its name by now, or it cannot be written.
        """
        path = self._folder / fitting.job
        if not path.exists():
            staged = self._folder / _STAGING / fitting.job
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(parents=True)
            for file in (one for one in built.iterdir() if one.is_file()):
                _keep(staged / file.name, file.read_bytes())
            _keep(staged / FITTED, fitting.to_bytes())
            os.rename(staged, path)
        try:
            return self._serve(path)
        except (StatecastError, JobConflict):
            shutil.rmtree(path, ignore_errors=True)
            raise

    def refresh(self) -> None:
        """Serve what other replicas fitted, and no longer what they deleted."""
        there = {path.parent.name for path in self._folder.glob(f"job_*/{FITTED}")}
        served = self._fitted()
        for name in served.keys() - there:
            self._catalogue.remove(served[name])
        for name in there - served.keys() - self._broken:
            try:
                self._serve(self._folder / name)
            except (StatecastError, JobConflict, OSError) as error:
                self._broken.add(name)
                _log.error("artifact %s is not served: %s", self._folder / name, error)

    def remove(self, owner: str, name: str) -> None:
        """Delete a model; sessions and requests that are at work with it go on until the server starts anew.

        Parameters
        ----------
        owner : str
            Whose job fitted it.
        name : str
            See ``find``.

        Raises
        ------
        UnknownModel, JobConflict
            If there is none, or it is what requests mean that name no model.
        """
        fitting, model = self.find(owner, name)
        if model is self._catalogue.default:
            raise JobConflict(f"model {model}: it is STATECAST_DEFAULT_MODEL; name another one first")
        with self._lock:
            self._catalogue.remove(model)
            # Away under its name at once, so that a server that starts meanwhile finds it whole or not at all.
            gone = self._folder / _STAGING / f"{fitting.job}.gone"
            gone.parent.mkdir(exist_ok=True)
            os.rename(self._folder / fitting.job, gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _serve(self, path: Path) -> Model:
        with self._lock:
            if (served := self._fitted().get(path.name)) is not None:
                return served
            artifact = statecast.load(path, device=device_of(self._device))
            model = Model.of(artifact, path, Fitting.read(path))
            if any(str(one) == str(model) for one in self._catalogue.models):
                raise JobConflict(
                    f"{model}: another model has this name by now; fit under another", code="model_exists"
                )
            self._prepare(artifact)
            self._served.add(path.name)
            self._catalogue.add(model)
            return model

    def _fitted(self) -> dict[str, Model]:
        """Those that are served, by the names of their folders."""
        return {one.folder.name: one for one in self._catalogue.models if one.fitting and one.folder}


def _keep(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
