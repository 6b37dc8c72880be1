"""What the handlers share: one object an app, found in ``app.state.wiring``."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from service.errors import Loading
from service.http.auth import ApiKeys
from service.metrics import Metrics
from service.serving.catalog import Catalog
from service.serving.forecasts import ForecastService
from service.settings import Settings


@dataclass
class Container:
    """The parts of one running service. ``catalogue`` and ``forecasting`` are None where there is no artifact."""

    settings: Settings
    metrics: Metrics
    keys: ApiKeys | None
    catalogue: Catalog | None = None
    forecasting: ForecastService | None = None

    @classmethod
    def build(cls, settings: Settings) -> "Container":
        """Read keys, load and verify artifacts, open the store.

        Raises
        ------
        ArtifactError, StoreError, ValueError
            If the default artifact is broken, the store cannot be opened, or the keys cannot be read.
        """
        keys = None if settings.api_keys_file is None else ApiKeys.read(settings.api_keys_file)
        wiring = cls(settings, Metrics(), keys)
        if holds_artifact(settings.artifacts):
            wiring.catalogue = Catalog.load(settings.artifacts, settings.default_model, settings.device)
            wiring.forecasting = ForecastService(wiring.catalogue, settings, wiring.metrics)
        return wiring

    @property
    def no_artifact(self) -> str:
        """What to do where there is nothing to serve."""
        return (
            f"artifacts: found no manifest.json under {self.settings.artifacts}; train a model with python -m training "
            "fit, or set STATECAST_ARTIFACTS to a folder of artifacts, then start again"
        )

    def require(self) -> tuple[Catalog, ForecastService]:
        """Give catalogue and forecasting.

        Raises
        ------
        Loading
            If there is no artifact.
        """
        if self.catalogue is None or self.forecasting is None:
            raise Loading(self.no_artifact, code="no_model")
        return self.catalogue, self.forecasting


def holds_artifact(folder: Path) -> bool:
    """Whether a folder is an artifact or holds one, whole or not."""
    return (folder / "manifest.json").is_file() or any(folder.glob("*/manifest.json"))


def container_of(request: Request) -> Container:
    """Find the parts that serve this request."""
    wiring: Container = request.app.state.wiring
    return wiring
