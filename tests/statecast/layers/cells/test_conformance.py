"""Every registered cell is held to the same contract; without it one might train and then not stream."""

import pytest

from statecast.layers.cells import registry
from tests.statecast.layers.cells.conformance import CHECKS


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", registry.names())
def test_cell_conforms(name: str, check: str) -> None:
    CHECKS[check](name)
