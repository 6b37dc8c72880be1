"""What holds for every test: how hypothesis searches, and one thread for the networks."""

import pytest
import torch
from hypothesis import HealthCheck, settings

# No example may fail because the machine is busy. Derandomised: a failure that one run finds, every run finds.
settings.register_profile("statecast", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("statecast")
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def own_settings():
    """Small tensors: a second thread only costs; and what a fit sets for the process must not leak into other tests."""
    yield
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
