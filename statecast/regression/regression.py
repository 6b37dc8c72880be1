"""What calendar and covariates explain of a series, learned as it comes: several ridge regressions on shared sums.

An effect is one of them: of the calendar's terms alone, or of all terms and then, on what these leave over, of the
terms of each hour. Weights are solved for once per season, at the same time indices however steps are split, and used
until the next time; so an effect on a step was known before the step. Shapes: B rows, T steps, V targets (the series as
it is, and transformed), D terms, P terms of an hour, K effects.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from statecast.devices.constants import constant
from statecast.regression.effects import Effect
from statecast.regression.level_filter import LevelFilter
from statecast.regression.sums import Sums, read_weights, sum_fields
from statecast.regression.terms.terms import Terms, TermValues
from statecast.state.state import Field, State

_SLOW = 0.998  # of the mean absolute error, per step
_SETTLED = 20  # seasons after which it is believed
_UNLEARNABLE = 1e12


class Reading(NamedTuple):
    """What reading steps has come to.

    Parameters
    ----------
    effects : Tensor
        ``[B, T, K]``, known before each step.
    kept_effects : Tensor
        ``[B, T, K]`` likewise, as the forecast that is being compared had them.
    fields : dict of str to Tensor
        The state's fields after them.
    """

    effects: Tensor
    kept_effects: Tensor
    fields: dict[str, Tensor]


class Regression:
    """Several regressions on one set of terms.

    Parameters
    ----------
    terms : Terms
        What they regress on.
    effects : tuple of Effect
        Which there are.
    targets : int
        V.
    every : int
        Steps from one solution to the next.
    origins : int
        Steps from one kept forecast to the next.
    """

    def __init__(self, terms: Terms, effects: tuple[Effect, ...], targets: int, every: int, origins: int) -> None:
        self.terms, self.effects, self.targets, self.every, self.origins = terms, effects, targets, every, origins
        year = terms.calendar.steps_per_year or 365.25
        self.year, self.hourly = terms.calendar.steps_per_year, terms.calendar.hourly
        self.decay = 0.5 ** (every / (year * (1.0 if self.hourly else 4.0)))
        self.levels = LevelFilter(terms.width + targets, year / 4 * 0.6931)

    def fields(self) -> tuple[Field, ...]:
        """Return the state fields."""
        return *self.terms.fields(), self.levels.field, *sum_fields(self.terms, self.effects)

    def read(self, targets: Tensor, known: Tensor, time_index: Tensor, count: Tensor, state: State) -> Reading:
        """Read steps: what the effects on them were, and what they teach.

        Parameters
        ----------
        targets : Tensor
            ``[B, T, V]`` float64, NaN where missing.
        known : Tensor
            ``[B, T, Ck]``, see ``Terms``.
        time_index : Tensor
            ``[B]`` of the step before.
        count : Tensor
            ``[B]`` steps read before.
        state : State
            B rows with the fields.

        Returns
        -------
        Reading
            Of T steps.
        """
        old = {name: state[name] for name in [field.name for field in self.terms.fields()]}
        values, new = self.terms.read(known, old)
        seen = targets.isfinite().all(-1)
        numbers = torch.cat([values.everywhere, targets], dim=-1)
        filtered = self.levels.read(numbers, seen, state["levels"])
        above, wanted = filtered.above.split([self.terms.width, self.targets], dim=-1)
        sums = Sums(self.terms, self.effects, {field.name: state[field.name] for field in self.fields()})
        index = time_index[:, None] + 1 + torch.arange(targets.shape[1], device=targets.device)
        effects, kept = [], []
        for begin, end in pairwise(self._cuts(index)):
            part = slice(begin, end)
            self._solve(sums, torch.remainder(index[:, begin], self.every) == 0, count + begin)
            some = TermValues(*(one[:, part] for one in values))
            effects.append(sums.weights.of(some))
            kept.append(sums.kept.of(some))
            sums.add(some, above[:, part].nan_to_num(), wanted[:, part])
            sums.keep(torch.remainder(index[:, end - 1], self.origins) == 0)
        return Reading(torch.cat(effects, 1), torch.cat(kept, 1), new | {"levels": filtered.sums} | sums.fields())

    def ahead(self, known: Tensor, state: State) -> Tensor:
        """Return the effects on the horizon.

        Parameters
        ----------
        known : Tensor
            ``[B, F, Ck]``, see ``Terms``.
        state : State
            B rows.

        Returns
        -------
        Tensor
            ``[B, F, K]`` float64.
        """
        old = {name: state[name] for name in [field.name for field in self.terms.fields()]}
        everywhere, hourly = state["weights"].double(), state["hourly_weights"].double()
        weights = read_weights(everywhere, hourly, self.terms, self.effects)
        return weights.of(self.terms.ahead(known, old))

    def _solve(self, sums: Sums, due: Tensor, count: Tensor) -> None:
        """Solve for the weights of rows that are due, and let their sums fade."""
        rows = due.nonzero()[:, 0]
        if not len(rows):
            return
        sums.solve(rows, *self.penalties(count[rows]))
        decay, slow = (torch.where(due, factor, 1.0).double() for factor in (self.decay, _SLOW**self.every))
        sums.fade(decay, slow, due & (count > _SETTLED * self.every))

    def penalties(self, count: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ridge of each term by the age of a series: a year has to be seen before it is believed.

        Parameters
        ----------
        count : Tensor
            ``[B]`` steps read.

        Returns
        -------
        tuple of Tensor
            ``[B, D]`` and ``[B, P]``.
        """
        terms, years = self.terms, (count / self.year if self.year else count * 0.0)[:, None]
        first = 0.75 if self.hourly else 1.0
        factor = torch.where(years < first, _UNLEARNABLE, torch.where(years < 2.0, 10.0, 1.0)).double()
        ridge = constant(terms.penalties, torch.float64, count.device)
        waits = constant(terms.yearly, torch.bool, count.device)
        hourly = constant(terms.hourly_penalties, torch.float64, count.device)
        return torch.where(waits, ridge * factor, ridge), hourly.expand(len(count), -1)

    def _cuts(self, index: Tensor) -> list[int]:
        """Where weights change for some row: before steps at which they are solved for, after those that are kept."""
        solved = torch.remainder(index, self.every) == 0
        kept = torch.remainder(index, self.origins) == 0
        kept = torch.cat([torch.zeros_like(kept[:, :1]), kept[:, :-1]], dim=1)
        inside = (solved | kept).any(0).nonzero()[:, 0].tolist()
        return sorted({0, *inside, index.shape[1]})
