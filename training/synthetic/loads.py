"""A built-in panel: hourly loads of imagined sites, the same for the same seed."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
_HOLIDAYS = ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))  # month and day; loads as on a Sunday


def load_table(items: int = 12, days: int = 420, seed: int = 7, ahead: int = 48) -> pd.DataFrame:
    """Draw hourly loads of imagined sites with the temperature, as a long table.

    Daily and weekly seasons, a trend, holidays, heating and cooling by temperature, autocorrelated noise, and gaps.
    Sites differ in level, profile and age.

    Parameters
    ----------
    items : int
        Number of sites.
    days : int
        Length of the oldest sites' series, in days.
    seed : int
        Seed of all randomness.
    ahead : int
        Hours of temperature after the last load, with the target missing.

    Returns
    -------
    pandas.DataFrame
        Columns ``item_id``, ``timestamp``, ``target`` (NaN missing) and ``temperature`` (degrees Celsius).

    Examples
    --------
    >>> load_table(items=1, days=1, ahead=0).shape
    (24, 4)
    """
    generator = np.random.default_rng(seed)
    hours = days * 24 + ahead
    times = np.datetime64("2025-01-01T00", "s") + np.arange(hours) * np.timedelta64(3600, "s")
    day_of_year = (times.astype("datetime64[D]") - times.astype("datetime64[Y]")).astype(np.float64)
    hour = np.arange(hours) % 24
    quiet = _quiet_days(times)
    season = -np.cos(2 * np.pi * (day_of_year - 20) / 365.0)
    region = 11 + 9 * season + 4 * np.sin(2 * np.pi * (hour - 9) / 24) + _wander(generator, (1, hours), 0.995, 0.35)
    temperature = region + generator.normal(0, 2.5, (items, 1)) + _wander(generator, (items, hours), 0.98, 0.25)
    level = np.exp(generator.uniform(np.log(20), np.log(900), (items, 1)))
    shift = generator.uniform(-1.5, 1.5, (items, 1))
    working = _profile(hour - shift, ((8.5, 2.2, 0.55), (18.5, 2.8, 0.7)))
    resting = _profile(hour - shift, ((11.5, 3.5, 0.4), (19.0, 2.5, 0.5)))
    share = generator.uniform(0.4, 1.0, (items, 1))
    day = np.where(quiet, share * resting + (1 - share) * working, working)
    heating = generator.uniform(0.005, 0.02, (items, 1)) * np.maximum(15 - temperature, 0)
    cooling = generator.uniform(0.0, 0.03, (items, 1)) * np.maximum(temperature - 21, 0)
    trend = generator.normal(0, 0.1, (items, 1)) * np.arange(hours) / (365 * 24)
    noise = _wander(generator, (items, hours), 0.85, 0.02) + generator.normal(0, 0.012, (items, hours))
    load = level * (0.55 + day + heating + cooling) * np.exp(trend + noise)
    load[_gaps(generator, items, hours)] = np.nan
    load[:, hours - ahead :] = np.nan
    begins = np.where(np.arange(items) % 4 == 3, generator.integers(0, hours // 2, items), 0)
    present = np.arange(hours) >= begins[:, None]
    # A site's series begins with a load, not with a gap.
    load[np.arange(items), begins] = level[:, 0]
    names = np.asarray([f"site-{number:02d}" for number in range(1, items + 1)], dtype=object)
    return pd.DataFrame(
        {
            "item_id": np.repeat(names, hours)[present.ravel()],
            "timestamp": np.tile(times, items)[present.ravel()],
            "target": load[present].round(3),
            "temperature": temperature[present].round(1),
        }
    )


def _quiet_days(times: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    dates = times.astype("datetime64[D]")
    weekend = (dates.astype(np.int64) + 3) % 7 >= 5
    months = dates.astype("datetime64[M]")
    month, day = months.astype(np.int64) % 12 + 1, (dates - months).astype(np.int64) + 1
    holidays = [(month == m) & (day == d) for m, d in _HOLIDAYS]
    quiet: NDArray[np.bool_] = weekend | np.logical_or.reduce(holidays)
    return quiet


def _profile(hour: Array, peaks: tuple[tuple[float, float, float], ...]) -> Array:
    parts = [
        height * np.exp((np.cos(2 * np.pi * (hour - at) / 24) - 1) * (3.8 / wide) ** 2) for at, wide, height in peaks
    ]
    profile: Array = np.sum(parts, axis=0)
    return profile


def _wander(generator: np.random.Generator, shape: tuple[int, int], memory: float, step: float) -> Array:
    """Autoregressive noise: ``y_t = memory y_{t-1} + step e_t``."""
    shocks = pd.DataFrame(generator.normal(0, step, shape).T)
    # An exponential mean is that recursion, up to the factor 1 - memory.
    return shocks.ewm(alpha=1 - memory, adjust=False).mean().to_numpy(dtype=np.float64).T / (1 - memory)


def _gaps(generator: np.random.Generator, items: int, hours: int) -> NDArray[np.bool_]:
    missing = generator.random((items, hours)) < 0.002
    for item in range(items):
        begins = generator.integers(0, hours, max(hours // 2500, 1))
        for begin, length in zip(begins, generator.integers(3, 30, begins.size), strict=True):
            missing[item, begin : begin + length] = True
    return missing
