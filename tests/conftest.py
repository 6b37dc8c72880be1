"""What holds for every test: how hypothesis searches, and one thread for the networks."""

import os

import pytest
import torch
from hypothesis import HealthCheck, settings

from statecast.compiled import is_built

# No example may fail because the machine is busy. Derandomised: a failure that one run finds, every run finds.
settings.register_profile("statecast", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("statecast")
torch.set_num_threads(1)
# A server that a test starts runs compiled only where `python -m statecast.compiled warm` was run, as `make test` does:
# to compile takes longer than a test may.
os.environ.setdefault("STATECAST_COMPILED", "auto" if is_built() else "off")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that takes longest by itself, so that no worker waits for it in the end."""
    items.sort(key=lambda item: item.path.name != "test_schema.py")


@pytest.fixture(autouse=True)
def own_settings():
    """Small tensors: a second thread only costs; and what a fit sets for the process must not leak into other tests."""
    yield
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
