"""Time columns that people really have: the rows of ``../shared/cases``, made again, and the answer that is right."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TimeCase:
    """A column of time stamps, and either the first times of the forecast or what its refusal says."""

    stamps: tuple[str, ...]
    following: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()

    @property
    def values(self) -> list[float]:
        return [float(10 + step % 7) for step in range(len(self.stamps))]

    @property
    def csv(self) -> str:
        rows = (f"{stamp},{value}" for stamp, value in zip(self.stamps, self.values, strict=True))
        return "\n".join(["timestamp,target", *rows]) + "\n"


def _month_ends(first: str, count: int, step: int) -> tuple[str, ...]:
    months = np.datetime64(first, "M") + step * np.arange(count)
    return tuple(str(day) for day in (months + 1).astype("datetime64[D]") - 1)


def _quarter_hours() -> tuple[str, ...]:
    times = np.datetime64("2024-01-01T00:00:00") + np.arange(200) * np.timedelta64(15, "m")
    times[100] += np.timedelta64(1, "m")
    return tuple(f"{time}Z" for time in times)


def _local_days() -> tuple[str, ...]:
    days = np.datetime64("2024-03-20") + np.arange(40)
    return tuple(f"{day}T00:00:00+0{2 if day > np.datetime64('2024-03-31') else 1}:00" for day in days)


TIME_CASES = {
    "m_end": TimeCase(_month_ends("2017-01", 48, 1), ("2021-01-31T00:00:00Z", "2021-02-28T00:00:00Z")),
    "q_end": TimeCase(_month_ends("2017-03", 24, 3), ("2023-03-31T00:00:00Z", "2023-06-30T00:00:00Z")),
    "dst_daily": TimeCase(_local_days(), ("2024-04-29T00:00:00+02:00", "2024-04-30T00:00:00+02:00")),
    "one_off_min": TimeCase(_quarter_hours(), refusal=("100", "2024-01-02T01:00:00", "2024-01-02T01:01:00", "15min")),
    "int_yyyymmdd": TimeCase(
        tuple(str(np.datetime64("2023-01-01") + day).replace("-", "") for day in range(400)),
        ("2024-02-05T00:00:00Z", "2024-02-06T00:00:00Z"),
    ),
    "dayfirst_dot_month": TimeCase(
        tuple(f"01.{1 + month % 12:02d}.{2021 + month // 12}" for month in range(36)),
        ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"),
    ),
}
