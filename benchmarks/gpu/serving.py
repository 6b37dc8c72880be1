"""Steps and forecasts on a device: how many per second, and the share of what its memory could move."""

import time
from collections.abc import Callable

import numpy as np
import torch

from statecast.graphed import GraphedSlots
from statecast.graphed.programs import LOOKS, Programs
from statecast.models.forecaster import Forecaster

_MOST = 65_536  # rows of one graph; more are dealt to several


def seconds_of(call: Callable[[], object], device: torch.device, seconds: float, turns: int = 1) -> float:
    """Mean seconds per call, called for so long and at least ``turns`` times; the device done at the end."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    for _ in range(2):
        call()
    wait()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds or count % turns:
        call()
        count += 1
        if count % 16 == 0:
            wait()
    wait()
    return (time.perf_counter() - began) / count


def copy_bandwidth(device: torch.device, size: int, seconds: float) -> float:
    """Bytes per second that a copy reads and writes."""
    one = torch.zeros(size, dtype=torch.uint8, device=device)
    other = torch.empty_like(one)
    return 2 * size / seconds_of(lambda: other.copy_(one), device, seconds)


class Live:
    """Series that are under way, at every place of the network's stride, and take one observation after the other."""

    def __init__(self, network: Forecaster, rows: int, device: torch.device) -> None:
        config, self.device, self.rows = network.config, device, rows
        self.network, self.size = network, min(rows, _MOST)
        self.slots = GraphedSlots(network, sizes=(self.size,))
        self.cache, self.index = self.slots.new_cache(rows), np.arange(rows)
        for first in range(0, rows, 4096):
            part = self.index[first : first + 4096]
            self.slots.begin_slots(
                self.cache, part, part % 997 - 1, np.zeros((len(part), config.static_width), np.float32)
            )
            walk = np.random.default_rng(first).normal(size=(len(part), 400)).cumsum(1).astype(np.float32)
            widths = config.past_width, config.known_width
            nothing = [np.zeros((*walk.shape, width), np.float32) for width in widths]
            self.slots.advance_slots(self.cache, part, part, walk, *nothing)
        self.target = np.random.default_rng(0).normal(size=(rows, 1)).astype(np.float32)
        self.past, self.known = (np.zeros((rows, 1, w), np.float32) for w in (config.past_width, config.known_width))
        self.future = np.zeros((rows, config.horizon, config.known_width), np.float32)

    def step(self) -> None:
        """One more observation of all rows, from arrays of the host."""
        self.slots.advance_slots(self.cache, self.index, self.index, self.target, self.past, self.known)

    def forecast(self) -> None:
        """A forecast of all rows, to arrays of the host."""
        self.slots.forecast_slots(self.cache, self.index, self.future)

    @property
    def programs(self) -> Programs:
        """What was captured."""
        return self.slots.programs_of(self.cache)[self.size]


def rows_per_second(network: Forecaster, rows: int, device: torch.device, seconds: float) -> dict[str, float]:
    """Rows per second of steps and forecasts, from and to arrays of the host, and replayed alone."""
    with torch.inference_mode():
        live = Live(network, rows, device)
        stride, programs = network.hindcasts.stride, live.programs
        light, whole = (programs.steps[look] for look in (LOOKS[0], LOOKS[-1]))
        found = {
            "step": seconds_of(live.step, device, seconds, stride),
            "step without hindcasts, replayed": seconds_of(light, device, seconds),
            "step with hindcasts, replayed": seconds_of(whole, device, seconds),
            "forecast": seconds_of(live.forecast, device, seconds),
            "forecast, replayed": seconds_of(programs.decode, device, seconds),
        }
        return {name: (live.size if "replayed" in name else rows) / value for name, value in found.items()}
