"""How surprising values were as a reply: JSON, or a long table with a row per value."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import pyarrow as pa

from service.backtests.collected import Surprises
from service.backtests.service import Hindcast
from service.codecs.table_writer import TableRows
from service.errors import ServiceError
from service.models.value_bounds import keep_inside
from service.protocols.backtest.layout import blocks_of, by_variable, column, times_of
from service.protocols.backtest.pass_encoder import PassEncoder
from service.protocols.forecast.series import SeriesRequest

Pairs = Sequence[tuple[SeriesRequest, Hindcast[Surprises] | ServiceError]]


@dataclass(frozen=True)
class AnomaliesEncoder(PassEncoder[Surprises]):
    """Writes how surprising values were.

    Parameters
    ----------
    level : float
        Percent of the interval.
    """

    level: float
    prefix = "an"
    failed = dict.fromkeys(("start", "freq", "expected", "interval", "surprise", "flag", "flagged"))

    def reply(self, pairs: Pairs) -> dict[str, Any]:
        """Give what JSON is made of; see ``PassEncoder``."""
        size = 5 * max((one.found.surprise.size for _, one in pairs if not isinstance(one, ServiceError)), default=0)
        return self.document(pairs, {"level": self.level}, _result, size)

    def rows(self, pairs: Pairs) -> TableRows:
        """Give a row per value; see ``PassEncoder``."""
        return _rows(pairs)


def _result(one: Hindcast[Surprises]) -> dict[str, Any]:
    series, own = one.series, one.series.variables
    mean, lower, upper, surprise, flags = (by_variable(own, values) for values in columns_of(one))
    return {
        "start": times_of(series.axis, np.array([series.whole.before + 1]))[0],
        "expected": mean,
        "interval": {"lower": lower, "upper": upper},
        "surprise": surprise,
        "flag": {name: _booleans(values) for name, values in flags.items()}
        if isinstance(flags, dict)
        else _booleans(flags),
        "flagged": int(np.nansum(one.found.flags())),
    }


def columns_of(one: Hindcast[Surprises]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give mean, ends of the interval, surprise and flag of every value, ``[5, V, T]``; the first has none.

    Parameters
    ----------
    one : Hindcast
        Of one series.
    """
    found, bounds = one.found, (one.series.lower, one.series.upper)
    numbers = found.numbers.reshape(-1, 1, 3)
    kept, _ = keep_inside(numbers, bounds[0].reshape(-1), bounds[1].reshape(-1))
    whole = np.full((5, *one.series.values.shape), np.nan)
    whole[:3, :, 1:] = kept.reshape(found.numbers.shape).transpose(2, 0, 1)
    whole[3, :, 1:], whole[4, :, 1:] = found.surprise, found.flags()
    return whole


def _booleans(values: Any) -> list[bool | None]:
    return [None if isnan(value) else value > 0 for value in values.tolist()]


def _rows(pairs: Pairs) -> TableRows:
    numbers, steps, each = [], [], []
    for _, one in pairs:
        if isinstance(one, ServiceError):
            numbers.append(np.full((6, 1), np.nan))
            steps.append(np.zeros(1, np.int64))
            each.append(1)
            continue
        variables, length = one.series.values.shape
        numbers.append(np.concatenate([one.series.values.reshape(1, -1), columns_of(one).reshape(5, -1)]))
        steps.append(np.tile(one.series.whole.before + 1 + np.arange(length), variables))
        each.append(length)
    *values, flags = np.concatenate(numbers, axis=1)
    names = ("target", "expected", "lower", "upper", "surprise")
    columns = {name: column(own) for name, own in zip(names, values, strict=True)}
    columns["flag"] = pa.array(flags > 0, mask=np.isnan(flags))
    return blocks_of(pairs, each, np.concatenate(steps), columns)
