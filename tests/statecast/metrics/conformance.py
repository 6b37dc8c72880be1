"""What every accuracy metric holds to, whoever wrote it. Each check takes the metric; ``CHECKS`` lists them by name."""

import doctest
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from statecast import metrics
from statecast.errors import InputError
from statecast.metrics import ForecastBatch, Metric, Sums, registry

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
SERIES, STEPS = 5, 8


def draw_batch(seed: int = 0, missing: float = 0.0, unit: float = 1.0) -> ForecastBatch:
    """Forecasts ``[5, 8]`` of positive series, some values missing, all in multiples of ``unit``."""
    generator = np.random.default_rng(seed)
    level = 10.0 * generator.uniform(1, 5, (SERIES, 1))
    actual = level + generator.normal(0, 5, (SERIES, STEPS))
    quantiles = level[..., None] + np.sort(generator.normal(0, 5, (SERIES, STEPS, len(LEVELS))), axis=-1)
    actual[generator.random(actual.shape) < missing] = np.nan
    return ForecastBatch(
        unit * actual,
        unit * quantiles[..., 2],
        mean=unit * quantiles.mean(axis=-1),
        quantiles=unit * quantiles,
        levels=LEVELS,
        last=unit * (level[:, 0] + generator.normal(0, 5, SERIES)),
        seasonal_error=unit * generator.uniform(1, 5, SERIES),
        unit=generator.uniform(1, 5, SERIES),
    )


def part_of(batch: ForecastBatch, series: Any = slice(None), steps: slice = slice(None)) -> ForecastBatch:
    """Some series and steps of a batch."""
    assert batch.last is not None and batch.seasonal_error is not None
    return ForecastBatch(
        batch.actual[series, steps],
        batch.median[series, steps],
        mean=batch.mean[series, steps],
        quantiles=batch.quantiles[series, steps],
        levels=batch.levels,
        last=batch.last[series],
        seasonal_error=batch.seasonal_error[series],
        unit=batch.unit[series],
    )


def seen(metric: Metric, batch: ForecastBatch, shape: tuple[int, ...] = ()) -> Sums:
    """State that has seen one batch."""
    return metric.update(metric.initial(shape, len(batch.levels)), batch)


def check_description(metric: Metric) -> None:
    """A metric without a title or a source is a number that nobody can read."""
    assert metric.name == metric.name.lower() and metric.name.isidentifier()
    assert metric.title and metric.summary and metric.better in ("lower", "higher", "nominal")
    assert isinstance(metric.scale_free, bool)
    for section in ("Examples", "References"):
        assert f"{section}\n" in (inspect.getdoc(type(metric)) or ""), f"{metric.name}: no {section} in its docstring"


def check_file(metric: Metric) -> None:
    """A newcomer finds a metric by its name in the folder."""
    assert type(metric).__module__.rpartition(".")[2] == metric.name


def check_examples(metric: Metric) -> None:
    """An example that does not run misleads."""
    found = doctest.testmod(sys.modules[type(metric).__module__])
    assert found.attempted > 0 and found.failed == 0


def check_nothing_seen(metric: Metric) -> None:
    """Nothing seen is unknown, never zero, which would be a perfect forecast."""
    for shape in ((), (STEPS,), (SERIES, 1), (SERIES, STEPS)):
        state = metric.initial(shape, len(LEVELS))
        assert state.shape == (*shape, metric.size(len(LEVELS)))
        value = metric.value(state)
        assert value.shape == shape and np.isnan(value).all()
    assert np.isnan(metric.overall(metric.initial((SERIES,), len(LEVELS))))
    assert metric.show(float(metric.value(metric.initial(levels=len(LEVELS))))) == metric.show(None)


def check_missing_counts_for_nothing(metric: Metric) -> None:
    """A gap in the data moves no figure, wherever it lies; nor does a forecast that is not a number."""
    batch = draw_batch(1, missing=0.4)
    state = metric.initial(levels=len(LEVELS))
    for row, column in np.argwhere(np.isfinite(batch.actual)).tolist():
        state = metric.update(state, part_of(batch, slice(row, row + 1), slice(column, column + 1)))
    np.testing.assert_allclose(seen(metric, batch), state, rtol=1e-9, atol=1e-12)
    nothing = draw_batch(2, missing=1.1)
    np.testing.assert_array_equal(metric.update(state, nothing), state)
    broken = draw_batch(2)
    for forecast in (broken.median, broken.mean, broken.quantiles):
        forecast[:] = np.nan
    np.testing.assert_array_equal(metric.update(state, broken), state)


def check_parts_are_the_whole(metric: Metric) -> None:
    """Observations come one by one in a session and all at once in a backtest; the figure is the same."""
    batch = draw_batch(3, missing=0.2)
    state = metric.initial(levels=len(LEVELS))
    for steps in (slice(0, 1), slice(1, 5), slice(5, None)):
        for series in (slice(0, 3), slice(3, None)):
            state = metric.update(state, part_of(batch, series, steps))
    np.testing.assert_allclose(state, seen(metric, batch), rtol=1e-9, atol=1e-12)


def check_states_are_values(metric: Metric) -> None:
    """A failed request keeps its old state: an update may not write into it."""
    state = seen(metric, draw_batch(4))
    before = state.copy()
    metric.update(state, draw_batch(5))
    metric.merge(state, state)
    metric.value(state)
    np.testing.assert_array_equal(state, before)
    assert state.dtype == np.float64


def check_merge(metric: Metric) -> None:
    """Batches may be added up in any order and any grouping."""
    a, b, c = (seen(metric, draw_batch(seed, missing=0.2)) for seed in (6, 7, 8))
    merge, nothing = metric.merge, metric.initial(levels=len(LEVELS))
    np.testing.assert_allclose(merge(merge(a, b), c), merge(a, merge(b, c)), rtol=1e-12)
    np.testing.assert_array_equal(merge(a, b), merge(b, a))
    np.testing.assert_array_equal(merge(a, nothing), a)
    np.testing.assert_allclose(metric.update(a, draw_batch(7, missing=0.2)), merge(a, b), rtol=1e-9)


def check_apart_adds_up(metric: Metric) -> None:
    """What is kept by series or by step is the same sums, only not added up yet."""
    batch = draw_batch(9, missing=0.2)
    whole, each = seen(metric, batch), seen(metric, batch, (SERIES, STEPS))
    np.testing.assert_allclose(each.sum(axis=(0, 1)), whole, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(seen(metric, batch, (STEPS,)), each.sum(axis=0), rtol=1e-9, atol=1e-12)
    by_series = seen(metric, batch, (SERIES, 1))
    np.testing.assert_allclose(by_series[:, 0], each.sum(axis=1), rtol=1e-9, atol=1e-12)
    for row in range(SERIES):
        alone = seen(metric, part_of(batch, slice(row, row + 1)))
        np.testing.assert_allclose(metric.value(by_series)[row, 0], metric.value(alone), rtol=1e-9)


def check_wrong_shapes_are_refused(metric: Metric) -> None:
    """Sums of other steps, series or levels would be spread over all of them, unseen."""
    batch = draw_batch(10)
    for state in (metric.initial((STEPS + 1,), len(LEVELS)), metric.initial((SERIES + 1, 1), len(LEVELS))):
        with pytest.raises(InputError, match=metric.name):
            metric.update(state, batch)
    with pytest.raises(InputError, match=metric.name):
        metric.update(metric.initial((STEPS,), len(LEVELS)), part_of(batch, steps=slice(0, 1)))


def check_figures_are_finite(metric: Metric) -> None:
    """Zeros, constants and perfect forecasts are ordinary data; they give a number or nothing, never infinity."""
    for value in (0.0, 1e-300, 3.0, -3.0, 1e30):
        flat = np.full((2, 3), value)
        for forecast in (flat, flat + 1.0):
            quantiles = np.repeat(forecast[..., None], len(LEVELS), axis=-1)
            for scale in (0.0, np.nan, 1.0):
                state = seen(
                    metric,
                    ForecastBatch(
                        flat, forecast, quantiles=quantiles, levels=LEVELS, last=flat[:, 0], seasonal_error=scale
                    ),
                )
                assert np.isfinite(state).all()
                assert not np.isinf(metric.value(state))


def check_single_values(metric: Metric) -> None:
    """A baseline without quantiles is judged by the metrics that need none, and is unknown to the others."""
    batch = draw_batch(11)
    state = seen(
        metric, ForecastBatch(batch.actual, batch.median, last=batch.last, seasonal_error=batch.seasonal_error)
    )
    assert np.isnan(metric.value(state)) == metric.needs_quantiles


def check_scale(metric: Metric) -> None:
    """Watts or kilowatts: where a metric says that it does not matter, it does not."""
    plain, scaled = draw_batch(12, missing=0.2), draw_batch(12, missing=0.2, unit=1000.0)
    same = np.isclose(metric.value(seen(metric, plain)), metric.value(seen(metric, scaled)), rtol=1e-9)
    assert bool(same) == metric.scale_free


def check_perfect_forecast(metric: Metric) -> None:
    """The direction in which figures are better is the one in which forecasts improve."""
    batch = draw_batch(13)
    perfect = np.repeat(batch.actual[..., None], len(LEVELS), axis=-1)
    rest: dict[str, Any] = {"levels": LEVELS, "last": batch.last, "seasonal_error": batch.seasonal_error}
    best = metric.score(batch.actual, batch.actual, quantiles=perfect, **rest)
    worse = metric.score(batch.actual, batch.actual + 50.0, quantiles=perfect + 50.0, **rest)
    if metric.better == "lower":
        assert best <= worse
    elif metric.better == "higher":
        assert best >= worse


CHECKS: dict[str, Callable[[Metric], None]] = {
    name.removeprefix("check_"): check for name, check in list(globals().items()) if name.startswith("check_")
}


def check_formula(metric: Metric, formula: Callable[[ForecastBatch], float]) -> None:
    """What is added up comes to the formula on the whole."""
    for seed in range(20):
        batch = draw_batch(seed)
        assert float(metric.value(seen(metric, batch))) == pytest.approx(formula(batch), rel=1e-9)


@contextmanager
def registered(module: str) -> Iterator[Metric]:
    """A metric in a file of its own, ``package.name``, registered by importing it and forgotten afterwards."""
    name = module.rpartition(".")[2]
    sys.modules.pop(module, None)
    importlib.import_module(module)
    try:
        yield metrics.get(name)
    finally:
        registry.metrics.unregister(name)
