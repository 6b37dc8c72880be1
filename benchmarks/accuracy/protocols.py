"""Which rows of a data set are trained on and which are scored, as in the publication of the scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.accuracy.data import read_gefcom, read_m1, read_m4, read_pm25, read_wide
from training.config import FitConfig
from training.data.columns import Columns
from training.data.panel import Panel
from training.data.tables import read_panel
from training.toml import read_toml

CONFIGS = Path(__file__).parents[2] / "configs"
_FINAL = (0.98, 0.01, 0.01)  # one horizon each, where that is more than a hundredth


@dataclass(frozen=True)
class Protocol:
    """How one data set is read, cut and scored."""

    path: str
    """File or folder below the data folder."""
    read: Callable[[Path], Panel]
    """Makes a panel of it."""
    horizons: tuple[int, ...] = ()
    """Steps ahead that are published, the usual one first; empty for what ``fit`` chooses."""
    borders: tuple[int, ...] = ()
    """As in a config, and stronger than a config's."""
    fractions: tuple[float, ...] = (0.7, 0.15, 0.15)
    """As in a config, and stronger than a config's."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Settings that follow from how the data is published, where no config sets them."""
    metrics: tuple[str, ...] = ("mse", "mae", "smape", "mase", "pinball", "coverage")
    """What is published, or most informative."""
    compared: tuple[str, ...] = ()
    """Covariates that a second fit does without."""

    def config(self, name: str, horizon: int | None) -> FitConfig:
        """``configs/NAME.toml`` where there is one, else nothing but the protocol; ``fit`` chooses the rest."""
        path = CONFIGS / f"{name}.toml"
        config = FitConfig.read(path) if path.exists() else FitConfig(network=dict(self.network))
        horizon = horizon or (self.horizons[0] if self.horizons else None)
        network = {**config.network, "horizon": horizon} if horizon else config.network
        return replace(
            config,
            data=replace(config.data, borders=self.borders, fractions=self.fractions),
            network=network,
        )


def list_configs() -> list[str]:
    """Names of those of ``configs/`` that fit a table; others are of texts, or of a family."""
    tables = {one.name for one in fields(FitConfig)}
    return sorted(path.stem for path in CONFIGS.glob("*.toml") if set(read_toml(path)) <= tables)


def _small(target: str, **columns: Any) -> Callable[[Path], Panel]:
    return partial(read_panel, columns=Columns(target=target, **columns))


_LONG = (96, 192, 336, 720)
_COMPETITION = ("smape", "mase", "owa", "pinball", "coverage")
_STANDARD = ("mse", "mae", "mase", "pinball", "coverage")

PROTOCOLS = {
    "m4-hourly": Protocol("m4", read_m4, (48,), fractions=_FINAL, network={"calendar": ()}, metrics=_COMPETITION),
    "m1-monthly": Protocol(
        "m1/m1_data.json.gz", read_m1, (18,), fractions=_FINAL, network={"calendar": ()}, metrics=_COMPETITION
    ),
    "etth1": Protocol(
        "ett/ETTh1.csv.gz", partial(read_wide, freq="1h"), _LONG, (8640, 11520, 14400), metrics=_STANDARD
    ),
    "ettm1": Protocol(
        "ett/ETTm1.csv.gz", partial(read_wide, freq="15min"), _LONG, (34560, 46080, 57600), metrics=_STANDARD
    ),
    "weather": Protocol(
        "ltsf/weather.csv.gz", partial(read_wide, freq="10min"), _LONG, (36887, 42157, 52696), metrics=_STANDARD
    ),
    "electricity": Protocol(
        "ltsf/electricity_6cols.csv.gz", partial(read_wide, freq="1h"), _LONG, (18412, 21044, 26304), metrics=_STANDARD
    ),
    "gefcom": Protocol(
        "ltsf/gefcom2014_e_hourly.csv.gz", read_gefcom, (96,), fractions=(0.7, 0.1, 0.2), compared=("temperature",)
    ),
    "airline": Protocol("small/airline-passengers.csv", _small("Passengers")),
    "sunspots": Protocol("small/monthly-sunspots.csv", _small("Sunspots")),
    "min-temperatures": Protocol("small/daily-min-temperatures.csv", _small("Temp")),
    "births": Protocol("small/daily-total-female-births.csv", _small("Births")),
    "bike-sharing": Protocol(
        "small/bike_sharing_hourly.csv.gz",
        _small("users", future=("holiday", "workingday", "weather", "temp", "atemp", "hum", "windspeed")),
    ),
    "beijing-pm25": Protocol("small/beijing_pm25_hourly.csv.gz", read_pm25),
}
