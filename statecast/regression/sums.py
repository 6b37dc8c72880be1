"""What regressions have summed up, and the weights that follow: products of terms shared, the rest of each effect.

Shapes: B rows, T steps, V targets, K effects, D terms, P terms of an hour.
"""

import torch
from torch import Tensor
from torch.nn import functional

from statecast.regression.effects import Effect, Weights
from statecast.regression.recursive_ridge import solve, symmetric, upper
from statecast.regression.terms.terms import HOURS, Terms, TermValues
from statecast.state.state import Field

_CLIP = 4.0  # mean absolute errors that an error counts at most


def sum_fields(terms: Terms, effects: tuple[Effect, ...]) -> tuple[Field, ...]:
    """Return the state fields of the sums and weights of regressions.

    Parameters
    ----------
    terms : Terms
        What is regressed on.
    effects : tuple of Effect
        The regressions.

    Returns
    -------
    tuple of Field
        In the order in which they lie in a row.
    """
    width, hourly, count = terms.width, terms.hourly_width, len(effects)
    hours = HOURS if hourly else 0
    every, by_hour = (sum(terms.widths(one.covariates)[place] for one in effects) for place in (0, 1))
    shapes = {
        "products": (width * (width + 1) // 2,),
        "moments": (every,),
        "hourly_products": (hours, hourly * (hourly + 1) // 2),
        "hourly_moments": (hours, by_hour),
        "error_scale": (count, 3),
        "weights": (every,),
        "hourly_weights": (hours, by_hour),
        "kept_weights": (every,),
        "kept_hourly_weights": (hours, by_hour),
    }
    return tuple(Field(name, shape, torch.float32) for name, shape in shapes.items())


def wide(narrow: Tensor, place: int, terms: Terms, effects: tuple[Effect, ...]) -> Tensor:
    """Return numbers of each term of each effect from those that are kept, 0 where an effect has not the term.

    Parameters
    ----------
    narrow : Tensor
        ``[..., N]``.
    place : int
        0 for terms D, 1 for those of an hour, P.
    terms : Terms
        What is regressed on.
    effects : tuple of Effect
        The K regressions.

    Returns
    -------
    Tensor
        ``[..., K, D]`` or ``[..., K, P]``.
    """
    own = _own(place, terms, effects, narrow.device)
    found = narrow.new_zeros((*narrow.shape[:-1], *own.shape))
    found[..., own] = narrow
    return found


def read_weights(everywhere: Tensor, hourly: Tensor, terms: Terms, effects: tuple[Effect, ...]) -> Weights:
    """Return weights from two fields of a state.

    Parameters
    ----------
    everywhere, hourly : Tensor
        The fields, float64.
    terms : Terms
        What is regressed on.
    effects : tuple of Effect
        The regressions.

    Returns
    -------
    Weights
        Of B rows.
    """
    return Weights(wide(everywhere, 0, terms, effects), wide(hourly, 1, terms, effects).transpose(1, 2))


def _own(place: int, terms: Terms, effects: tuple[Effect, ...], device: torch.device) -> Tensor:
    """Which terms each effect has, ``[K, D]`` or ``[K, P]`` bool; they are the first ones."""
    most = terms.widths(True)[place]
    own = [[term < terms.widths(one.covariates)[place] for term in range(most)] for one in effects]
    return torch.tensor(own, dtype=torch.bool, device=device).reshape(len(effects), most)


class Sums:
    """The sums of regressions while steps are read, in float64.

    Parameters
    ----------
    terms : Terms
        What is regressed on.
    effects : tuple of Effect
        The regressions.
    values : mapping of str to Tensor
        The fields of ``sum_fields``, of B rows.
    """

    def __init__(self, terms: Terms, effects: tuple[Effect, ...], values: dict[str, Tensor]) -> None:
        self.terms, self.effects = terms, effects
        found = {field.name: values[field.name].double() for field in sum_fields(terms, effects)}
        self.products = symmetric(found["products"], terms.width)
        self.hourly_products = symmetric(found["hourly_products"], terms.hourly_width)
        self.moments, self.hourly_moments = (
            wide(found["moments"], 0, terms, effects),
            wide(found["hourly_moments"], 1, terms, effects),
        )
        self.error_scale = found["error_scale"]
        self.weights = read_weights(found["weights"], found["hourly_weights"], terms, effects)
        self.kept = read_weights(found["kept_weights"], found["kept_hourly_weights"], terms, effects)

    def fields(self) -> dict[str, Tensor]:
        """Return the fields as they are now."""
        return {
            "products": upper(self.products),
            "moments": self._narrow(self.moments, 0),
            "hourly_products": upper(self.hourly_products),
            "hourly_moments": self._narrow(self.hourly_moments, 1),
            "error_scale": self.error_scale,
            "weights": self._narrow(self.weights.everywhere, 0),
            "hourly_weights": self._narrow(self.weights.hourly.transpose(1, 2), 1),
            "kept_weights": self._narrow(self.kept.everywhere, 0),
            "kept_hourly_weights": self._narrow(self.kept.hourly.transpose(1, 2), 1),
        }

    def _narrow(self, values: Tensor, place: int) -> Tensor:
        return values[..., _own(place, self.terms, self.effects, values.device)]

    def solve(self, rows: Tensor, ridge: Tensor, hourly_ridge: Tensor) -> None:
        """Solve for weights.

        Parameters
        ----------
        rows : Tensor
            ``[N]`` int64, which rows.
        ridge : Tensor
            ``[N, D]`` of each term.
        hourly_ridge : Tensor
            ``[N, P]`` of each term of an hour.
        """
        terms = self.terms
        everywhere, hourly = [], []
        for place, effect in enumerate(self.effects):
            some, of_hour = terms.widths(effect.covariates)
            found = solve(self.products[rows, :some, :some], self.moments[rows, place, None, :some], ridge[:, :some])
            everywhere.append(functional.pad(found[:, 0], (0, terms.width - some)))
            sums = (
                self.hourly_products[rows, :, :of_hour, :of_hour],
                self.hourly_moments[rows, :, place, None, :of_hour],
            )
            found = solve(*sums, hourly_ridge[:, None, :of_hour])
            hourly.append(functional.pad(found[:, :, 0], (0, terms.hourly_width - of_hour)))
        self.weights = Weights(
            self.weights.everywhere.index_copy(0, rows, torch.stack(everywhere, 1).float().double()),
            self.weights.hourly.index_copy(0, rows, torch.stack(hourly, 1).float().double()),
        )

    def fade(self, decay: Tensor, slow: Tensor, settled: Tensor) -> None:
        """Let what was summed count less, and look at how large errors are.

        Parameters
        ----------
        decay, slow : Tensor
            ``[B]`` factors of sums, and of the sums of errors.
        settled : Tensor
            ``[B]`` bool, rows whose usual error limits errors from now on.
        """
        self.products, self.moments = self.products * decay[:, None, None], self.moments * decay[:, None, None]
        self.hourly_products = self.hourly_products * decay[:, None, None, None]
        self.hourly_moments = self.hourly_moments * decay[:, None, None, None]
        total, number, limit = self.error_scale.unbind(-1)
        limit = torch.where(settled[:, None] & (number > 0), _CLIP * total / number.clamp_min(1e-9), limit)
        self.error_scale = torch.stack([total * slow[:, None], number * slow[:, None], limit], dim=-1)

    def add(self, terms: TermValues, above: Tensor, wanted: Tensor) -> None:
        """Learn from steps.

        Parameters
        ----------
        terms : TermValues
            Of n steps.
        above : Tensor
            ``[B, n, D]`` terms above their levels.
        wanted : Tensor
            ``[B, n, V]`` targets above theirs, NaN where there is nothing to learn.
        """
        wanted = wanted[..., [one.target for one in self.effects]]
        known = wanted.isfinite().all(-1, keepdim=True).double()
        expected = torch.einsum("btd,bkd->btk", above, self.weights.everywhere)
        error = (wanted.nan_to_num() - expected) * known
        limit = self.error_scale[:, None, :, 2]
        limit = torch.where(limit > 0, limit, torch.inf)
        clipped = error.clamp(-limit, limit)
        masked = above * known
        self.products = self.products + masked.transpose(1, 2) @ masked
        self.moments = self.moments + torch.einsum("btk,btd->bkd", (expected + clipped) * known, masked)
        size = torch.minimum(error.abs(), 3 * limit).sum(1)
        more = torch.stack([size, known.sum(1).expand_as(size), torch.zeros_like(size)], dim=-1)
        self.error_scale = self.error_scale + more
        if terms.hourly.shape[-1]:
            hourly = terms.hourly * known
            place = (terms.hour + HOURS * torch.arange(len(known), device=known.device)[:, None]).flatten()
            squares = (hourly[..., :, None] * hourly[..., None, :]).flatten(0, 1)
            moments = (clipped[..., :, None] * hourly[..., None, :]).flatten(0, 1)
            self.hourly_products = _added(self.hourly_products, place, squares)
            self.hourly_moments = _added(self.hourly_moments, place, moments)

    def keep(self, rows: Tensor) -> None:
        """Keep the weights of a forecast that is made now.

        Parameters
        ----------
        rows : Tensor
            ``[B]`` bool.
        """
        self.kept = self.weights.where(rows, self.kept)


def _added(sums: Tensor, place: Tensor, more: Tensor) -> Tensor:
    return sums.flatten(0, 1).index_add(0, place, more).view_as(sums)
