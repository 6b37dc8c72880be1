"""What the network alone does on this core: the bound of everything around it."""

import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import statecast
from benchmarks.harness.requests import HORIZON
from statecast import Family, SeriesNetwork
from statecast.compiled import compile_network, slot_network

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
    """Series that take one more observation and are forecast, per second of processor time, so many at once.

    On the rows of a cache, as in the service: a step goes to another row than it comes from.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    slots, config = slot_network(network), network.config
    cache, read, write = slots.new_cache(2 * rows), np.arange(rows), np.arange(rows, 2 * rows)

    def nothing(steps: int, width: int) -> NDArray[np.float32]:
        return np.zeros((rows, steps, width), np.float32)

    slots.begin_slots(cache, read, np.full(rows, -1), nothing(1, config.static_width)[:, 0])
    target = (50 + np.random.default_rng(0).standard_normal((rows, _PRIMED))).astype(np.float32)
    past, known = nothing(_PRIMED, config.past_width), nothing(_PRIMED, config.known_width)
    slots.advance_slots(cache, read, read, target, past, known)
    one = target[:, :1].copy(), past[:, :1].copy(), known[:, :1].copy()
    future = nothing(min(HORIZON, config.horizon), config.known_width)
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        slots.advance_slots(cache, read, write, *one)
        slots.forecast_slots(cache, write, future)
        read, write = write, read
        done += rows
    return done / (time.process_time() - began)
