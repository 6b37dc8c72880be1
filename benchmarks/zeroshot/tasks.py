"""The development tasks of ``published.csv``, and where their protocols differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.zeroshot.data import Reader, TaskSeries, read_ett, read_gefcom, read_jena, read_m1, read_m4

_MOST_WINDOWS = 20


@dataclass(frozen=True)
class NaiveRule:
    """How a suite's seasonal naive was made."""

    season: int
    """Steps per season."""
    intervals: bool = True
    """Whether quantiles are those of a normal distribution about the repeated season; otherwise all are the point."""
    recent: int | None = None
    """How many of the last values it read; None for all."""


@dataclass(frozen=True)
class Task:
    """What is forecast, from where, and how errors are averaged."""

    suite: str
    """``gift``, ``chronos``, ``chronos-in`` or ``fev``, as in ``published.csv``."""
    name: str
    """As there."""
    kind: str
    """One of ``KINDS``: what makes it hard."""
    read: Reader
    """Reads its series."""
    horizon: int
    """Steps ahead, F."""
    season: int
    """Steps of the season that errors are scaled by."""
    naive: NaiveRule
    """How the published seasonal naive was made."""
    fixed_windows: int | None = None
    """How many windows; None for as many as a tenth of the shortest series holds, 1 to 20."""
    apart: bool = False
    """Whether each window of each variable is scored apart and the scores averaged, as fev-bench does; otherwise all
    values count alike."""
    wql_floor: float = 0.0
    """The mean absolute value that WQL divides by is at least that: fev-bench's ``epsilon``."""

    @property
    def key(self) -> str:
        """Suite and name."""
        return f"{self.suite} {self.name}"

    def windows(self, series: Sequence[TaskSeries]) -> int:
        """Count the windows, which follow one another and end with the series.

        Parameters
        ----------
        series : sequence of TaskSeries
            All of the task.
        """
        if self.fixed_windows is not None:
            return self.fixed_windows
        shortest = min(len(one.values) for one in series)
        return min(max(math.ceil(0.1 * shortest / self.horizon), 1), _MOST_WINDOWS)


SHORT, SUBDAILY, FAR, CALENDAR, KNOWN = KINDS = (
    "competitions, short series", "minutes and hours, to 168 steps", "480 and 720 steps", "days and weeks",
    "covariates known ahead",
)  # fmt: skip
_TERMS = {"short": 1, "medium": 10, "long": 15}


def _gift() -> list[Task]:
    found = [Task("gift", "m4_hourly/H/short", SHORT, read_m4, 48, 24, NaiveRule(24), fixed_windows=1)]
    for name, read in (("ett1", read_ett), ("jena_weather", read_jena)):
        finest = ("15T", "15min", 96) if name == "ett1" else ("10T", "10min", 144)
        for short, freq, season in (finest, ("H", "1h", 24)):
            found += [
                Task("gift", f"{name}/{short}/{term}", SUBDAILY if times == 1 else FAR, partial(read, freq=freq),
                     48 * times, season, NaiveRule(season))
                for term, times in _TERMS.items()
            ]  # fmt: skip
        found.append(
            Task("gift", f"{name}/D/short", CALENDAR, partial(read, freq="1D"), 30, 1, NaiveRule(1))
        )  # fmt: skip
    found.append(Task("gift", "ett1/W/short", CALENDAR, partial(read_ett, freq="1w"), 8, 1, NaiveRule(1)))
    return found


def _chronos() -> list[Task]:
    found = [Task("chronos-in", "m4_hourly", SHORT, read_m4, 48, 24, NaiveRule(24, intervals=False), fixed_windows=1)]
    for period, freq, horizon, season in (
        ("yearly", "1y", 6, 1),
        ("quarterly", "1q", 8, 4),
        ("monthly", "1mo", 18, 12),
    ):
        read = partial(read_m1, period=period.upper(), freq=freq)
        rule = NaiveRule(season, intervals=False)
        found.append(Task("chronos", f"monash_m1_{period}", SHORT, read, horizon, season, rule, fixed_windows=1))
    return found


def _fev() -> list[Task]:
    def task(name: str, kind: str, read: Reader, horizon: int, count: int, season: int, repeats: int) -> Task:
        rule = NaiveRule(repeats, recent=1000)
        return Task("fev", name, kind, read, horizon, season, rule, fixed_windows=count, apart=True, wql_floor=1.0)

    return [
        task("proenfo_gfc14", KNOWN, read_gefcom, 168, 20, 24, 24),
        task("jena_weather_10T", SUBDAILY, partial(read_jena, freq="10min"), 144, 20, 144, 144),
        task("jena_weather_1H", SUBDAILY, partial(read_jena, freq="1h"), 24, 20, 24, 24),
        task("jena_weather_1D", CALENDAR, partial(read_jena, freq="1D"), 28, 11, 1, 7),
    ]


TASKS = {task.name: task for task in (*_chronos(), *_gift(), *_fev())}
"""By name, which is one of its own in each suite."""
