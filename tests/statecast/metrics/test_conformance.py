"""Every registered metric is held to the same contract; without it a figure may depend on how data was cut in parts."""

import pytest

from statecast import metrics
from tests.statecast.metrics.conformance import CHECKS, check_formula
from tests.statecast.metrics.formulas import FORMULAS


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", metrics.names())
def test_metric_conforms(name: str, check: str) -> None:
    CHECKS[check](metrics.get(name))


@pytest.mark.parametrize("name", metrics.names())
def test_metric_is_its_formula(name: str) -> None:
    """A metric that is added without a formula beside it fails here: write it in ``formulas.py``."""
    assert name in FORMULAS, f"{name}: no formula in tests/statecast/metrics/formulas.py to hold it to"
    check_formula(metrics.get(name), FORMULAS[name])
