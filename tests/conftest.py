"""What holds for every test: how hypothesis searches, and one thread for the networks."""

import torch
from hypothesis import HealthCheck, settings

# No example may fail because the machine is busy. Derandomised: a failure that one run finds, every run finds.
settings.register_profile("statecast", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("statecast")
torch.set_num_threads(1)
