"""What all peers serve: the default model's network of season 24, compiled where the library can."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

import statecast
from statecast import Family, Observations, SeriesNetwork

SEASON = 24
HORIZON = 24
LEVELS = (0.1, 0.5, 0.9)


class SharedNetwork:
    """Forecasts of whole histories, several at once where they are of one length."""

    def __init__(self, artifact: str) -> None:
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        family = statecast.load(Path(artifact)).network
        if not isinstance(family, Family):
            raise SystemExit(f"expected a family of all seasons, got {artifact}")
        self._network = family.of(SEASON).eval()
        self._slots = _compiled(self._network)
        levels = [round(level, 6) for level in self._network.config.quantile_levels]
        self._places = {str(level): levels.index(level) for level in LEVELS}
        for rows in (1, 64):
            self.forecast([[float(step % 24) for step in range(336)]] * rows)

    @torch.inference_mode()
    def forecast(self, targets: list[list[float]]) -> list[dict[str, Any]]:
        """One forecast per history: mean and three quantiles of 24 steps."""
        found: list[dict[str, Any]] = [{}] * len(targets)
        for length in {len(target) for target in targets}:
            places = [place for place, target in enumerate(targets) if len(target) == length]
            for place, answer in zip(places, self._of_one_length([targets[p] for p in places]), strict=True):
                found[place] = answer
        return found

    def _of_one_length(self, targets: list[list[float]]) -> list[dict[str, Any]]:
        means, quantiles = self._compiled_forecast(targets) if self._slots else self._eager_forecast(targets)
        return [
            {"mean": mean, "quantiles": {name: levels[place] for name, place in self._places.items()}}
            for mean, levels in zip(means, quantiles, strict=True)
        ]

    def _compiled_forecast(self, targets: list[list[float]]) -> tuple[Any, Any]:
        """Read histories for their forecast alone, the quickest that the library does."""
        slots, rows, steps = self._slots, len(targets), len(targets[0])
        every, none = np.arange(rows), np.zeros((rows, steps, 0), np.float32)
        cache = slots.new_cache(rows)
        slots.begin_slots(cache, every, np.full(rows, -1), none[:, 0])
        target, final = np.array(targets, np.float32), np.ones(rows, np.bool_)
        slots.advance_slots(cache, every, every, target, none, none, final=final)
        found = slots.forecast_slots(cache, every, np.zeros((rows, HORIZON, 0), np.float32))
        return found.mean.tolist(), found.quantiles.swapaxes(1, 2).tolist()

    def _eager_forecast(self, targets: list[list[float]]) -> tuple[Any, Any]:
        network, rows, steps = self._network, len(targets), len(targets[0])
        none = torch.zeros(rows, steps, 0)
        state = network.fresh(torch.full((rows,), -1), torch.zeros(rows, 0))
        state = network.prime(Observations(torch.tensor(targets), none, none), state)
        prediction = network.decode(state, torch.zeros(rows, HORIZON, 0))
        return prediction.mean().tolist(), prediction.quantiles().transpose(1, 2).tolist()


def _compiled(network: SeriesNetwork) -> Any:
    """The compiled form; none in a checkout that is older than that."""
    try:
        from statecast.compiled import compile_network, slot_network
    except ImportError:
        return None
    compiled = compile_network(network)
    return slot_network(compiled) if compiled is not None else None
