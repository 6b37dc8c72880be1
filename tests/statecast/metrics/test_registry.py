"""Metrics are found by name, and a new one is one file; without this each new metric touches six places again."""

from collections.abc import Iterator

import numpy as np
import pytest

from statecast import metrics
from statecast.errors import InputError, UnknownNameError
from statecast.metrics import ForecastBatch, Metric, registry
from statecast.metrics.mase import seasonal_error
from tests.statecast.metrics.conformance import CHECKS, check_formula, registered


@pytest.fixture
def toy() -> Iterator[Metric]:
    """The toy metric, for one test."""
    with registered("tests.statecast.metrics.toy_metric") as metric:
        yield metric


@pytest.mark.parametrize("check", CHECKS)
def test_a_metric_from_elsewhere_conforms(toy: Metric, check: str) -> None:
    CHECKS[check](toy)


def test_a_metric_from_elsewhere_is_found_by_name(toy: Metric) -> None:
    assert "toy_metric" in metrics.names()
    check_formula(toy, lambda batch: float(np.mean((batch.mean - batch.actual) / batch.unit[:, None])))


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownNameError, match=r"metric: expected one of .*mase.*, got 'rmse'"):
        metrics.get("rmse")


def test_a_name_cannot_be_taken_twice() -> None:
    """Two metrics of one name would leave it to the order of imports which of them a report shows."""
    with pytest.raises(ValueError, match="metric 'mae': registered already"):
        registry.register(type("Other", (type(metrics.get("mae")),), {}))
    assert type(metrics.get("mae")).__name__ == "MAE"


def test_many_series_are_averaged_as_is_the_custom_of_each() -> None:
    """MSE and MAE pool all values; sMAPE and MASE give each series one voice, and leave out what has none."""
    batch = ForecastBatch(
        [[1.0, 1.0, 1.0], [1.0, np.nan, np.nan], [1.0, 1.0, 1.0]],
        [[2.0, 2.0, 2.0], [5.0, 5.0, 5.0], [2.0, 2.0, 2.0]],
        seasonal_error=[1.0, 1.0, np.nan],
    )
    found = {}
    for name in ("mae", "mase"):
        metric = metrics.get(name)
        found[name] = metric.overall(metric.update(metric.initial((3, 1)), batch)[:, 0])
    assert found == {"mae": pytest.approx(10 / 7), "mase": pytest.approx(2.5)}


def test_shapes_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"median: expected shape \(1, 2\)"):
        ForecastBatch([[1.0, 2.0]], [[1.0]])
    with pytest.raises(InputError, match="quantiles"):
        ForecastBatch([[1.0]], [[1.0]], quantiles=[[[1.0, 2.0]]], levels=(0.5,))
    with pytest.raises(InputError, match="actual"):
        ForecastBatch([1.0], [1.0])


def test_seasonal_error_is_unknown_where_there_is_none() -> None:
    """A constant history would make every error infinite."""
    assert seasonal_error(np.asarray([1.0, 2.0, 4.0, 3.0]), 2) == pytest.approx((3 + 1) / 2)
    assert np.isnan(seasonal_error(np.ones(9), 2))
    assert np.isnan(seasonal_error(np.ones(2), 2))
    assert np.isnan(seasonal_error(np.full(9, np.nan), 2))


def test_figures_are_shown_as_is_the_custom_of_each() -> None:
    assert metrics.get("coverage").show(0.8012) == "80.1 %"
    assert metrics.get("smape").show(9.876) == "9.88"
    assert metrics.get("mase").show(0.98765) == "0.9877"
    assert metrics.get("mase").show(None) == metrics.get("mase").show(float("nan")) == "–"
