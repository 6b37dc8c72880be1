"""An artifact: a folder with a trained network and the proof that it still forecasts what it forecast when saved.

    manifest.json       what it is: schema version, name, version, freq, horizon, scores, each file's digest
    config.json         the ``ForecasterConfig``; of an ensemble its members' under ``members``; a ``FamilyConfig``
    model.safetensors   the weights
    golden.json         a history and its forecast, recomputed at every load
    report.html         for people; written by training, not needed to load

JSON and safetensors only: loading runs no code from the folder. The manifest is written last, so a folder with one is
whole; it ends with a digest of itself and has one canonical form, so that any changed byte is seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from statecast.api.backtest import anomalies_of, backtest_series
from statecast.api.classify import Classification, classify_inputs
from statecast.api.explain import explain_series
from statecast.api.forecast import forecast_any, forecast_series
from statecast.api.generate import write_on
from statecast.api.series_forecast import SeriesForecast
from statecast.api.session import SeriesSession
from statecast.api.transcribe import Sound, transcribe
from statecast.artifacts.registry import Network, kind_of
from statecast.ctc.symbols import Transcript
from statecast.errors import ArtifactError, InputError
from statecast.frames.each import run_each
from statecast.frames.reading import ModelColumns
from statecast.models.classifier import Classifier
from statecast.models.family import Family
from statecast.models.generator import Generator
from statecast.models.interface import SeriesNetwork
from statecast.models.transcriber import Transcriber
from statecast.uncertainty.bounds import Bounds
from statecast.uncertainty.interval_levels import chosen_levels

N = TypeVar("N", Generator, Classifier, Transcriber)


@dataclass(frozen=True)
class Artifact:
    """A loaded artifact.

    Parameters
    ----------
    name : str
        Name of the model.
    version : str
        Its version.
    digest : str
        ``sha256:...`` of the manifest, which covers every byte that computes.
    network : Network
        The network, in evaluation mode.
    manifest : dict
        The manifest, under today's names.
    """

    name: str
    version: str
    digest: str
    network: Network
    manifest: dict[str, Any]

    @property
    def kind(self) -> str:
        """``forecaster``, ``family``, ``generator``, ``classifier`` or ``transcriber``."""
        return kind_of(self.network)

    @property
    def forecaster(self) -> SeriesNetwork:
        """The network that forecasts, one or an ensemble; another kind raises ``ArtifactError``."""
        if not isinstance(self.network, SeriesNetwork):
            raise ArtifactError(
                f"{self.name}: expected a forecaster, got a {self.kind}; "
                + ("take its member for a season" if self.kind == "family" else "use another model")
            )
        return self.network

    def member(self, season: int, freq: str | None = None, horizon: int | None = None) -> "Artifact":
        """Return a family's forecaster of one season as an artifact of its own, with the family's digest and weights.

        Parameters
        ----------
        season : int
            Steps per season.
        freq : str or None
            Distance of two observations.
        horizon : int or None
            Steps ahead; None for the family's own.

        Returns
        -------
        Artifact
            Its network shares the family's weights.

        Raises
        ------
        ArtifactError, ConfigError
            If this is not a family, or the season or the horizon is longer than it knows.
        """
        if not isinstance(self.network, Family):
            raise ArtifactError(f"{self.name}: expected a family, got a {self.kind}; it has one season")
        return replace(self, network=self.network.of(season, freq, horizon))

    @property
    def generator(self) -> Generator:
        """The network of a generator; another kind raises ``ArtifactError``."""
        return self._network(Generator)

    @property
    def classifier(self) -> Classifier:
        """The network of a classifier; another kind raises ``ArtifactError``."""
        return self._network(Classifier)

    @property
    def transcriber(self) -> Transcriber:
        """The network of a transcriber; another kind raises ``ArtifactError``."""
        return self._network(Transcriber)

    def _network(self, wanted: type[N]) -> N:
        if not isinstance(self.network, wanted):
            name = wanted.__name__.lower()
            raise ArtifactError(f"{self.name}: expected a {name}, got a {self.kind}; use another model")
        return self.network

    def forecast(
        self,
        history: Any,
        horizon: int | None = None,
        *,
        level: Any = None,
        quantile_levels: Any = None,
        quantiles: Any = None,
        bounds: Any = None,
        calendar: bool = False,
        country: str | None = None,
        **options: Any,
    ) -> Any:
        """Forecast one series, or each of several; see ``forecast_series`` and ``run_each`` for the options.

        ``level=[80, 95]`` is the same as the ``quantile_levels`` at the ends of these intervals, which a frame then has
        as ``lo-80``, ``hi-80``, ...; ``calendar`` and ``country`` are a family's, see ``forecast_any``.
        """
        levels = chosen_levels(level, quantile_levels, quantiles)
        own = {"horizon": horizon, "quantile_levels": levels, "bounds": bounds, **_around(calendar, country)}
        ahead = 0 if isinstance(self.network, Family) else self.forecaster.config.horizon
        return run_each(partial(self._forecast_one, **own), history, self._columns(ahead), level=level, **options)

    def _forecast_one(self, history: Any, **options: Any) -> SeriesForecast:
        if isinstance(self.network, Family):
            return forecast_any(self.network, history, **options)
        for name in ("calendar", "country"):
            if options.get(name):
                raise InputError(f"{name}: expected none, because the model has its own; leave it out")
        found = forecast_series(self.forecaster, history, **options)
        asked = options.get("bounds") is not None
        return found if asked else found.within_noticed(self.bounds, "what it was fitted on")

    def cross_validation(
        self,
        history: Any,
        horizon: int | None = None,
        *,
        cutoffs: int = 1,
        step: int | None = None,
        level: Any = None,
        quantile_levels: Any = None,
        quantiles: Any = None,
        bounds: Any = None,
        calendar: bool = False,
        country: str | None = None,
        **options: Any,
    ) -> Any:
        """Forecast series at many cut-offs in one pass; see ``backtest_series`` and ``run_each``."""
        levels = chosen_levels(level, quantile_levels, quantiles)
        own = {"cutoffs": cutoffs, "step": step, "quantile_levels": levels, "bounds": self._kept(bounds)}
        own |= _around(calendar, country)
        run = partial(backtest_series, self._series_network, horizon=horizon, **own)
        return run_each(run, history, self._columns(0), level=level, **options)

    def anomalies(self, history: Any, level: float = 99.0, *, bounds: Any = None, **options: Any) -> Any:
        """Find how surprising each value of series is; see ``anomalies_of`` and ``run_each``."""
        run = partial(anomalies_of, self._series_network, level=level, bounds=self._kept(bounds))
        return run_each(run, history, self._columns(0), **options)

    def explain(self, history: Any, horizon: int | None = None, **options: Any) -> Any:
        """Say what a forecast is made of, of a frame by item; see ``explain_series`` and ``run_each``."""
        run = partial(explain_series, self._series_network, horizon=horizon)
        ahead = 0 if isinstance(self.network, Family) else self.forecaster.config.horizon
        return run_each(run, history, self._columns(ahead), framed=False, **options)

    def session(self, id: str = "", **options: Any) -> SeriesSession:
        """Open a session in this process, under a name of one's own; see ``SeriesSession`` for the options."""
        return SeriesSession(self._series_network, id, **{"bounds": self._kept(None), **options})

    @property
    def _series_network(self) -> SeriesNetwork | Family:
        return self.network if isinstance(self.network, Family) else self.forecaster

    def _kept(self, bounds: Any) -> Any:
        """Requested bounds, else those of the fit; None of a family, which looks at each series."""
        return self.bounds if bounds is None and not isinstance(self.network, Family) else bounds

    def _columns(self, ahead: int) -> ModelColumns:
        """What it reads of a table."""
        fitted = self.manifest.get("training", {}).get("config", {}).get("data", {}) | self.manifest.get("columns", {})
        if isinstance(self.network, Family):
            return ModelColumns(fitted=fitted)
        config = self.forecaster.config
        kinds = (config.past_covariates, config.future_covariates, config.static_covariates)
        return ModelColumns(*kinds, ahead=ahead, fitted=fitted)

    @property
    def bounds(self) -> Bounds:
        """What the forecasts are kept inside of where nothing else is requested: what the fit noticed."""
        return Bounds.read(self.manifest.get("bounds"))

    def generate(self, prompt: str, **options: Any) -> str:
        """Write on from a prompt; see ``statecast.api.generate.write_on`` for the options."""
        return write_on(self.generator, prompt, **options)

    def transcribe(self, sound: Sound, **options: Any) -> Transcript:
        """Write down what a recording says; see ``statecast.api.transcribe.transcribe`` for the options."""
        return transcribe(self.transcriber, sound, **options)

    def classify(self, given: Any) -> Classification:
        """Classify one text or series; see ``classify_many``."""
        return self.classify_many([given])[0]

    def classify_many(self, inputs: Sequence[Any]) -> list[Classification]:
        """Classify texts or series ``[T]`` or ``[T, C]``; see ``statecast.api.classify.classify_inputs``."""
        return classify_inputs(self.classifier, inputs)


def _around(calendar: bool, country: str | None) -> dict[str, Any]:
    """What of a family's surroundings was requested."""
    return ({"calendar": calendar} if calendar else {}) | ({} if country is None else {"country": country})
