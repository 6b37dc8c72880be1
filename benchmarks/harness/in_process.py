"""What the network alone does on this core: the bound of everything around it."""

import time
from pathlib import Path

import torch

import statecast
from benchmarks.harness.requests import HORIZON
from statecast import Family, Observations, SeriesNetwork
from statecast.compiled import compile_network

SEASON = 24
_PRIMED = 336


def served_network(artifact: Path) -> SeriesNetwork:
    """The network as the service runs it: a family's of season 24, compiled where it is covered."""
    network = statecast.load(artifact).network
    if isinstance(network, Family):
        network = network.of(SEASON)
    assert isinstance(network, SeriesNetwork)
    return compile_network(network.eval()) or network.eval()


@torch.inference_mode()
def rows_per_second(network: SeriesNetwork, rows: int, seconds: float) -> float:
    """Series that take one more observation and are forecast, per second of processor time, so many at once."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    past, known = network.config.past_width, network.config.known_width
    state = network.fresh(torch.full((rows,), -1), torch.zeros(rows, network.config.static_width))
    history = Observations(
        50 + torch.randn(rows, _PRIMED), torch.zeros(rows, _PRIMED, past), torch.zeros(rows, _PRIMED, known)
    )
    state = network.prime(history, state)
    one = Observations(history.target[:, :1].contiguous(), history.past[:, :1], history.known[:, :1])
    future = torch.zeros(rows, min(HORIZON, network.config.horizon), known)
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        state = network.prime(one, state)
        prediction = network.decode(state, future)
        prediction.quantiles(), prediction.mean()
        done += rows
    return done / (time.process_time() - began)
