"""Terms of a regression that covariates give: bends of standardised values and of their recent average, by hour.

A numeric covariate is standardised by the mean and spread of what was seen of it so far; a missing value contributes 0
to every term. A categorical one comes as an indicator per level. Shapes: B rows, T steps, C numeric covariates,
K indicators, H waves of the day.
"""

from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from statecast.state.causal_scaling import discounted_sums, scaling_of
from statecast.state.state import Field

_LIMIT = 6.0  # standard deviations
_SOME = 24.0  # values before which there is no standard
_FOREVER = 1e15  # steps: what was seen never fades


class Standardised(NamedTuple):
    """Covariates in units of their own spread.

    Parameters
    ----------
    now : Tensor
        ``[B, T, C]`` values, NaN where missing.
    recent : Tensor
        ``[B, T, C]`` their average over about a day, NaN where unknown.
    indicators : Tensor
        ``[B, T, K]``.
    """

    now: Tensor
    recent: Tensor
    indicators: Tensor


class Standardising:
    """Causal standardisation of covariates and of their recent average.

    Parameters
    ----------
    numeric : int
        Numeric covariates, C.
    window : int
        Steps of the recent average.
    """

    def __init__(self, numeric: int, window: int) -> None:
        self.numeric = numeric
        self.half_life = log(0.5) / log(1.0 - 1.0 / max(window, 2))

    def fields(self) -> tuple[Field, ...]:
        """Return the state fields: a first value, sums of values and of averages about it, and of the average."""
        return (
            Field("covariate_offset", (self.numeric,), torch.float64, fill=float("nan")),
            Field("covariate_sums", (2 * self.numeric, 3), torch.float64),
            Field("covariate_average", (2 * self.numeric,), torch.float64),
        )

    def read(self, values: Tensor, state: dict[str, Tensor]) -> tuple[Standardised, dict[str, Tensor]]:
        """Read values that have come.

        Parameters
        ----------
        values : Tensor
            ``[B, T, C + K]`` in their own units, numeric ones first, NaN where missing.
        state : dict of str to Tensor
            The fields.

        Returns
        -------
        Standardised
            Each by what was seen up to it.
        dict of str to Tensor
            The fields after them.
        """
        numbers, indicators = _split(values, self.numeric)
        offset = _first(numbers, state["covariate_offset"])
        both, average = self._with_average(numbers - offset[:, None], state["covariate_average"])
        seen, value = (~both.isnan()).double(), both.nan_to_num()
        sums = discounted_sums(
            torch.stack([seen, value, value * value], -1).flatten(2), state["covariate_sums"].flatten(1), _FOREVER
        ).unflatten(2, (2 * self.numeric, 3))
        new = {"covariate_offset": offset, "covariate_sums": sums[:, -1], "covariate_average": average}
        return self._scaled(both, sums, indicators), new

    def ahead(self, values: Tensor, state: dict[str, Tensor]) -> Standardised:
        """Standardise values of the horizon by what was seen before it.

        Parameters
        ----------
        values : Tensor
            ``[B, F, C + K]``, as in ``read``.
        state : dict of str to Tensor
            The fields.

        Returns
        -------
        Standardised
            F steps.
        """
        numbers, indicators = _split(values, self.numeric)
        offset = _first(numbers, state["covariate_offset"])
        both, _ = self._with_average(numbers - offset[:, None], state["covariate_average"])
        return self._scaled(both, state["covariate_sums"][:, None].expand(-1, both.shape[1], -1, -1), indicators)

    def _with_average(self, numbers: Tensor, average: Tensor) -> tuple[Tensor, Tensor]:
        """``[B, T, 2 C]``: values, then averages; and the sums of the averages after them, ``[B, 2 C]``."""
        weights = torch.cat([(~numbers.isnan()).double(), numbers.nan_to_num()], dim=-1)
        sums = discounted_sums(weights, average, self.half_life)
        weight, total = sums.chunk(2, dim=-1)
        recent = torch.where(weight > 1e-6, total / weight.clamp_min(1e-6), torch.nan)
        return torch.cat([numbers, recent], dim=-1), sums[:, -1]

    def _scaled(self, both: Tensor, sums: Tensor, indicators: Tensor) -> Standardised:
        scaling = scaling_of(sums, torch.zeros_like(sums[..., 0]))
        scaled = ((both - scaling.loc) * scaling.inverse).clamp(-_LIMIT, _LIMIT)
        known = torch.where(sums[..., 0] > _SOME, scaled, torch.where(both.isnan(), torch.nan, 0.0))
        now, recent = known.split([self.numeric, self.numeric], dim=-1)
        return Standardised(now, recent, indicators)


class CovariateTerms:
    """Terms of covariates, as many as there is room for.

    Parameters
    ----------
    numeric : int
        Numeric covariates, C.
    indicators : int
        Columns of categorical ones, K.
    weekly : bool
        Whether there are weekends, on which covariates may do something else.
    penalty : float
        Ridge of each term.
    room : int
        Most terms.

    Attributes
    ----------
    width : int
        How many terms.
    penalties : tuple of float
        Ridge of each.
    """

    def __init__(self, numeric: int, indicators: int, weekly: bool, penalty: float, room: int) -> None:
        for level in _LEVELS:
            self.level, self.weekend = level, weekly and level.weekend
            bent = (1 + len(level.knots)) * (1 + level.recent) + (1 + len(_AT_WEEKENDS)) * self.weekend
            self.width = numeric * bent + indicators
            if self.width <= room:
                break
        self.fits = self.width <= room
        self.penalties = (penalty,) * self.width

    def of(self, covariates: Standardised, weekend: Tensor | None) -> Tensor:
        """Return the terms.

        Parameters
        ----------
        covariates : Standardised
            Of B rows and T steps.
        weekend : Tensor or None
            ``[B, T, 1]``, 1 on Saturdays and Sundays; None where there are none.

        Returns
        -------
        Tensor
            ``[B, T, D]`` float64.
        """
        recent = [bends(covariates.recent, self.level.knots)] if self.level.recent else []
        recent += [bends(covariates.now, _AT_WEEKENDS) * weekend] if self.weekend and weekend is not None else []
        return torch.cat([bends(covariates.now, self.level.knots), *recent, covariates.indicators], dim=-1)


class _Level(NamedTuple):
    knots: tuple[float, ...]
    recent: bool
    weekend: bool


_AT_WEEKENDS = (0.0,)
_LEVELS = (
    _Level((-1.5, -0.75, 0.0, 0.75, 1.5), True, True),
    _Level((-0.75, 0.0, 0.75), True, True),
    _Level((0.0,), True, False),
    _Level((), True, False),
    _Level((), False, False),
)


def bends(values: Tensor, knots: tuple[float, ...]) -> Tensor:
    """Return values, and how far each is beyond each knot.

    Parameters
    ----------
    values : Tensor
        ``[B, T, C]``, NaN where missing.
    knots : tuple of float
        The knots.

    Returns
    -------
    Tensor
        ``[B, T, C (1 + knots)]``, 0 where missing.
    """
    parts = [values.nan_to_num(), *((values - knot).clamp_min(0).nan_to_num() for knot in knots)]
    return torch.stack(parts, dim=-1).flatten(-2)


def _split(values: Tensor, numeric: int) -> tuple[Tensor, Tensor]:
    numbers, indicators = values.double().split([numeric, values.shape[-1] - numeric], dim=-1)
    return numbers, indicators.nan_to_num()


def _first(numbers: Tensor, offset: Tensor) -> Tensor:
    """The first value of each that was ever seen, ``[B, C]``."""
    first = numbers.gather(1, (~numbers.isnan()).int().argmax(1, keepdim=True))[:, 0]
    return torch.where(offset.isnan(), first, offset)
