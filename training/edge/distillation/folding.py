"""First weights of a student: of each layer of the teacher the units that say most, the others folded into them.

On series that the teacher reads, the activations A of a layer are regressed on those of the units that stay: A is about
``A[:, kept] M^T + b``. What reads the layer reads ``W M`` and ``W b`` from then on. Which units stay is the pivoted
Cholesky decomposition of the activations' covariance, weighted by how much is made of each unit. A student that begins
so is about right from the first step on, and needs a fraction of the steps.

Shapes: N activations, D units, K kept.

References
----------
Higham, N. J. (1990). Analysis of the Cholesky decomposition of a semi-definite matrix. Reliable Numerical Computation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from statecast.layers.cells.recurrent import Recurrent
from statecast.models.forecaster import Forecaster
from training.edge.distillation.teacher import observe
from training.synthetic.batches import SyntheticBatch

_RIDGE = 1e-4  # of the mean variance, so that units which hardly move do not get large coefficients


class Folding(NamedTuple):
    """What becomes of the units of a layer.

    Parameters
    ----------
    kept : Tensor
        ``[K]`` int64, units that stay.
    coefficients : Tensor
        ``[D, K]``, all units by those.
    rest : Tensor
        ``[D]``, what is added.
    """

    kept: Tensor
    coefficients: Tensor
    rest: Tensor

    def reading(self, weight: Tensor) -> Tensor:
        """Weigh the units that stay as a layer that read all of them needs it.

        Parameters
        ----------
        weight : Tensor
            ``[O, D]``, of the layer that reads all units.

        Returns
        -------
        Tensor
            ``[O, K]``.
        """
        return weight @ self.coefficients

    def adding(self, weight: Tensor) -> Tensor:
        """Find what is to be added to that layer's bias.

        Parameters
        ----------
        weight : Tensor
            ``[O, D]``, of the layer that reads all units.

        Returns
        -------
        Tensor
            ``[O]``.
        """
        return weight @ self.rest


def fold_units(activations: Tensor, weight: Tensor, count: int) -> Folding:
    """Choose units of a layer and fold the others into them.

    Parameters
    ----------
    activations : Tensor
        ``[N, D]``.
    weight : Tensor
        ``[O, D]`` of all that reads them.
    count : int
        Units that stay, K.

    Returns
    -------
    Folding
        The units in their former order.

    Examples
    --------
    >>> one = torch.randn(50, 1)
    >>> found = fold_units(torch.cat([one, 2 * one, torch.randn(50, 1)], dim=1), torch.ones(1, 3), 2)
    >>> found.kept.tolist(), round(float(found.coefficients[0, 0]), 2)
    ([1, 2], 0.5)
    """
    activations, weight = activations.double(), weight.double()
    mean = activations.mean(0)
    centred = activations - mean
    covariance = centred.T @ centred / len(activations)
    kept = _pivots(covariance * torch.outer(weight.norm(dim=0), weight.norm(dim=0)), count)
    inner = covariance[kept][:, kept]
    inner = inner + _RIDGE * inner.diagonal().mean().clamp_min(1e-12) * torch.eye(count, dtype=inner.dtype)
    coefficients = torch.linalg.solve(inner, covariance[kept]).T.contiguous()
    coefficients[kept] = torch.eye(count, dtype=inner.dtype)
    return Folding(kept, coefficients.float(), (mean - coefficients @ mean[kept]).float())


def _pivots(covariance: Tensor, count: int) -> Tensor:
    """Indices ``[K]``, ascending, each the one of which least was known from those before it."""
    left, factors = covariance.diagonal().clone(), torch.zeros(len(covariance), 0, dtype=covariance.dtype)
    chosen: list[int] = []
    for _ in range(count):
        best = int(torch.argmax(left))
        chosen.append(best)
        column = (covariance[:, best] - factors @ factors[best]) / left[best].clamp_min(1e-12).sqrt()
        factors = torch.cat([factors, column[:, None]], dim=1)
        left = (left - column.square()).clamp_min(0.0)
        left[chosen] = -1.0
    return torch.tensor(sorted(chosen))


def can_fold(student: Forecaster, teacher: nn.Module) -> bool:
    """Say whether a student can begin from a teacher: the same parts throughout, and no wider.

    Parameters
    ----------
    student : Forecaster
        Of the shape that ``student_config`` gives.
    teacher : nn.Module
        Any network that forecasts.

    Returns
    -------
    bool
        Whether ``fold`` takes them.
    """
    if not isinstance(teacher, Forecaster):
        return False
    ours, theirs = student.config, teacher.config
    alike = (
        theirs.cell == "gru" and theirs.layers == 1 and theirs.decoder == "mlp" and theirs.resolutions == (1,)
        and not theirs.bidirectional and not theirs.spatial_grid and not theirs.memory and not theirs.feature_attention
        and not theirs.asinh_unit
    )  # fmt: skip
    return alike and ours.width <= theirs.width


@torch.no_grad()
def fold(student: Forecaster, teacher: Forecaster, series: Sequence[SyntheticBatch]) -> None:
    """Give a student the weights of a teacher, folded.

    Parameters
    ----------
    student : Forecaster
        Of which ``can_fold`` holds; changed in place.
    teacher : Forecaster
        In evaluation mode.
    series : sequence of SyntheticBatch
        What the activations are taken on.
    """
    seen, mix = _activations(teacher, series), teacher.mix
    assert isinstance(mix, nn.Sequential) and isinstance(mix[2], nn.Linear)
    recurrent, attention, head = teacher.encoder.recurrent, teacher.resolution_attention, teacher.head
    assert isinstance(recurrent, Recurrent)
    cell, value, score = recurrent.stack, attention.values[0], teacher.naive_forecast_attention.score
    assert isinstance(cell, nn.GRU) and isinstance(value, nn.Linear)
    inputs, past, input_bias, past_bias = cell.all_weights[0]
    width = student.config.width
    embed = fold_units(seen["embed"], inputs, width)
    hidden = fold_units(seen["hidden"], torch.cat([past, value.weight]), width)
    context = fold_units(seen["context"], mix[2].weight, width)
    mixed = fold_units(seen["mixed"], torch.cat([score.weight, head.residuals.weight]), width)
    gates = torch.cat([hidden.kept + gate * recurrent.width for gate in range(3)])
    weights = {
        "encoder.embed.weight": teacher.encoder.embed.weight[embed.kept],
        "encoder.embed.bias": teacher.encoder.embed.bias[embed.kept],
        "encoder.recurrent.stack.weight_ih_l0": embed.reading(inputs)[gates],
        "encoder.recurrent.stack.bias_ih_l0": (input_bias + embed.adding(inputs))[gates],
        "encoder.recurrent.stack.weight_hh_l0": hidden.reading(past)[gates],
        "encoder.recurrent.stack.bias_hh_l0": (past_bias + hidden.adding(past))[gates],
        "resolution_attention.segments": attention.segments[: student.config.segments, context.kept],
        "resolution_attention.values.0.weight": hidden.reading(value.weight)[context.kept],
        "resolution_attention.values.0.bias": (value.bias + hidden.adding(value.weight))[context.kept],
        "from_naive_forecasts.weight": teacher.from_naive_forecasts.weight[context.kept],
        "mix.2.weight": context.reading(mix[2].weight)[mixed.kept],
        "mix.2.bias": (mix[2].bias + context.adding(mix[2].weight))[mixed.kept],
        "naive_forecast_attention.score.weight": mixed.reading(score.weight),
        "naive_forecast_attention.score.bias": score.bias + mixed.adding(score.weight),
        "head.residuals.weight": mixed.reading(head.residuals.weight),
        "head.residuals.bias": head.residuals.bias + mixed.adding(head.residuals.weight),
    }
    student.load_state_dict(student.state_dict() | weights)


def _activations(teacher: Forecaster, series: Sequence[SyntheticBatch]) -> dict[str, Tensor]:
    """What each layer of a teacher gives while it reads and forecasts, ``[N, D]`` by layer."""
    mix, recurrent = teacher.mix, teacher.encoder.recurrent
    assert isinstance(mix, nn.Sequential) and isinstance(recurrent, Recurrent)
    places = {"embed": teacher.encoder.dropout, "hidden": recurrent.stack, "context": mix[1], "mixed": mix[3]}
    found: dict[str, list[Tensor]] = {name: [] for name in places}
    handles = [
        place.register_forward_hook(
            lambda _, __, given, kept=found[name]: kept.append(
                (given[0] if isinstance(given, tuple) else given).flatten(0, -2).cpu()
            )
        )
        for name, place in places.items()
    ]
    for batch in series:
        observations, state = observe(teacher, batch.target)
        shape = (len(batch.target), len(batch.forks), teacher.config.horizon, 0)
        teacher.fork(observations, state, batch.target.new_zeros(shape), batch.forks)
    for handle in handles:
        handle.remove()
    return {name: torch.cat(parts) for name, parts in found.items()}
