"""Numbers of many answers as a reply has them: at the requested levels and inside of their bounds."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from math import inf

import numpy as np
from numpy.typing import NDArray

from service.models.model import Model
from service.models.value_bounds import CODE, keep_inside
from service.serving.series_answer import SeriesAnswer
from statecast.uncertainty.quantile_levels import TailExponents, quantiles_at

Doubles = NDArray[np.float64]


def numbers_of(
    answers: Sequence[SeriesAnswer], horizon: int, model: Model, levels: tuple[float, ...]
) -> tuple[Doubles, list[SeriesAnswer]]:
    """Put the numbers of answers together.

    Parameters
    ----------
    answers : sequence of SeriesAnswer
        With R variables in all.
    horizon : int
        Steps F.
    model : Model
        What forecast them; of a family the whole.
    levels : tuple of float
        The Q requested ones.

    Returns
    -------
    array of float64, ``[R, F, 1 + Q]``
        Mean and quantiles, one answer after the other.
    list of SeriesAnswer
        The answers; where bounds that nobody requested changed one, with a warning that says so.
    """
    if not answers:
        return np.zeros((0, horizon, 1 + len(levels))), []
    quantiles = gather([(answer.result.quantiles, answer.rows) for answer in answers], horizon)
    trained = model.config.quantile_levels
    if levels != trained:
        quantiles = quantiles_at(quantiles, trained, levels, _exponents(answers, model))
    mean = gather([(answer.result.mean, answer.rows) for answer in answers], horizon)
    numbers, kept = keep_inside(np.concatenate([mean[..., None], quantiles], axis=2), *ends_of(answers))
    return numbers, noted(answers, kept)


def _exponents(answers: Sequence[SeriesAnswer], model: Model) -> TailExponents:
    """Tails of the members that answered: of one pair, or of pairs that go with ``[R, F]``."""
    found = {season: model.member(season).tail_exponents for season in {answer.season for answer in answers}}
    if len(found) == 1:
        return next(iter(found.values()))
    pairs = np.array([found[answer.season] for answer in answers])
    return np.repeat(pairs, [answer.variables for answer in answers], axis=0)[:, None]


def noted(answers: Sequence[SeriesAnswer], kept: NDArray[np.bool_]) -> list[SeriesAnswer]:
    """Add to answers the warning that bounds which nobody requested changed them.

    Parameters
    ----------
    answers : sequence of SeriesAnswer
        With R variables in all.
    kept : array of bool, ``[R]``
        Rows that bounds changed.

    Returns
    -------
    list of SeriesAnswer
        The same, those with the warning as new values.
    """
    found = list(answers)
    row = 0
    for place, answer in enumerate(answers if kept.any() else ()):
        begin, row = row, row + answer.variables
        if answer.bounds is not None and answer.bounds.note and kept[begin:row].any():
            found[place] = replace(answer, warnings=(*answer.warnings, (CODE, answer.bounds.note)))
    return found


def gather(parts: Sequence[tuple[Doubles, slice]], horizon: int) -> Doubles:
    """Put rows of batches one below the other, each batch read once.

    Parameters
    ----------
    parts : sequence of (array, slice)
        A batch's ``[M, …]`` and the rows of one series in it.
    horizon : int
        Steps F to keep.

    Returns
    -------
    array of float64, ``[R, F, …]``
        In the order of the parts.
    """
    counts = np.array([rows.stop - rows.start for _, rows in parts])
    index = np.repeat([rows.start for _, rows in parts], counts) + _within(counts)
    batches = {id(batch): batch for batch, _ in parts}
    if len(batches) == 1:
        return parts[0][0][index, :horizon]
    of = np.repeat([id(batch) for batch, _ in parts], counts)
    found = np.empty((len(index), horizon, *parts[0][0].shape[2:]))
    for key, batch in batches.items():
        found[of == key] = batch[index[of == key], :horizon]
    return found


def _within(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count from 0 within each of several groups."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1]) - np.repeat(ends - counts, counts)


def ends_of(answers: Sequence[SeriesAnswer]) -> tuple[Doubles, Doubles]:
    """Give the bounds of each variable.

    Parameters
    ----------
    answers : sequence of SeriesAnswer
        With R variables in all.

    Returns
    -------
    array of float64, ``[R]``
        The lower ones, minus infinity for none.
    array of float64, ``[R]``
        The upper ones.
    """
    none = [(-inf, inf)]
    pairs = chain.from_iterable(
        none * answer.variables if answer.bounds is None else zip(answer.bounds.lower, answer.bounds.upper, strict=True)
        for answer in answers
    )
    ends = np.array(list(pairs)).reshape(-1, 2)
    return ends[:, 0], ends[:, 1]
